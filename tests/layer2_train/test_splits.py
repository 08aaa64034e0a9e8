from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from layer2_train.config import SplitByPatient, SplitGiven
from layer2_train.splits import (
    SPLITS,
    TEST,
    TRAIN,
    VALID,
    Source,
    assign,
    leaks,
    without_patient,
)

GIVEN = SplitGiven(by="given")


def source(slide_id, patient="", *, centre="", given="", fingerprint="", normal=5, tumor=5):
    return Source(
        file=f"{slide_id}.h5",
        slide_id=slide_id,
        patient=patient,
        centre=centre,
        given=given,
        fingerprint=fingerprint or f"fingerprint of {slide_id}",
        normal=normal,
        tumor=tumor,
        unknown=0,
    )


def patients_of(sources, places):
    return {split: {sources[p].patient for p in own} for split, own in places.items()}


@st.composite
def cohorts(draw):
    """Slides of up to a dozen patients, some of whom are not known."""
    patients = draw(st.lists(st.sampled_from(["", *"abcdefghijkl"]), min_size=6, max_size=40))
    centre = {patient: draw(st.sampled_from("012")) for patient in sorted(set(patients))}
    return [
        source(
            f"slide_{number}",
            patient,
            centre=centre[patient],
            normal=draw(st.integers(0, 3)),
            tumor=draw(st.integers(0, 3)),
        )
        for number, patient in enumerate(patients)
    ]


def groups_of(sources):
    return len({source.patient or source.slide_id for source in sources})


@given(sources=cohorts(), seed=st.integers(0, 5), share=st.sampled_from([0.1, 0.2, 0.3]))
def test_no_patient_is_on_two_sides_and_every_file_is_on_one(sources, seed, share):
    if groups_of(sources) < 3:
        return
    places = assign(sources, SplitByPatient(valid=share, test=share, seed=seed))

    assert sorted(place for own in places.values() for place in own) == list(range(len(sources)))
    known = patients_of(sources, places)
    for one, other in ((TRAIN, VALID), (TRAIN, TEST), (VALID, TEST)):
        assert not (known[one] & known[other]) - {""}


@given(sources=cohorts(), seed=st.integers(0, 5))
def test_train_keeps_every_class_and_every_split_gets_a_share(sources, seed):
    if groups_of(sources) < 3:
        return
    places = assign(sources, SplitByPatient(seed=seed))

    assert all(places[split] for split in SPLITS)
    for name in ("normal", "tumor"):
        holders = {s.patient or s.slide_id for s in sources if getattr(s, name)}
        if len(holders) > groups_of(sources) * 0.4 + 2:
            assert sum(getattr(sources[place], name) for place in places[TRAIN]) > 0


@given(sources=cohorts(), seed=st.integers(0, 5))
def test_the_same_seed_gives_the_same_split(sources, seed):
    if groups_of(sources) < 3:
        return
    settings = SplitByPatient(seed=seed)

    assert assign(sources, settings) == assign(sources, settings)


def centre_cohort():
    """Three centres of five patients each; two of five have no tumour."""
    return [
        source(f"s{c}{p}", f"patient_{c}{p}", centre=f"centre_{c}", tumor=5 if p < 3 else 0)
        for c in range(3)
        for p in range(5)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_classes_and_centres_are_in_every_split(seed):
    sources = centre_cohort()

    places = assign(sources, SplitByPatient(valid=0.2, test=0.2, seed=seed))

    assert {split: len(own) for split, own in places.items()} == {"train": 9, "valid": 3, "test": 3}
    for own in places.values():
        assert {sources[place].centre for place in own} == {"centre_0", "centre_1", "centre_2"}
        assert any(sources[place].tumor for place in own)


def test_another_seed_sets_other_patients_aside():
    found = {
        frozenset(assign(centre_cohort(), SplitByPatient(seed=seed))[TEST]) for seed in range(8)
    }

    assert len(found) > 1


def test_the_only_patient_with_tumour_stays_in_train():
    sources = [source(f"s{p}", f"p{p}", tumor=5 if p == 3 else 0) for p in range(8)]

    for seed in range(8):
        assert 3 in assign(sources, SplitByPatient(seed=seed))[TRAIN]


def test_patients_are_set_aside_by_name_and_others_by_share():
    sources = [source(f"s{p}", f"p{p}") for p in range(5)]

    places = assign(sources, SplitByPatient(valid=0.2, test=("p1", "p3")))

    assert places[TEST] == (1, 3)
    assert len(places[VALID]) == 1
    assert len(places[TRAIN]) == 2


def test_a_share_of_nothing_sets_nobody_aside():
    places = assign([source("a", "p"), source("b", "p")], SplitByPatient(valid=0, test=0))

    assert places == {"train": (0, 1), "valid": (), "test": ()}


def test_a_misspelt_patient_is_answered_with_the_closest():
    sources = [source("a", "patient_000"), source("b", "patient_017")]

    with pytest.raises(
        ConfigError, match=r"split.test: no patient 'patient_17'. Did you mean"
    ) as e:
        assign(sources, SplitByPatient(valid=("nobody",), test=("patient_17",)))

    assert "'patient_017'" in str(e.value)
    assert "split.valid: no patient 'nobody'. There are: patient_000, patient_017" in str(e.value)


def test_too_few_patients_are_refused():
    with pytest.raises(
        ConfigError, match="at least 3 patients to set aside test and valid, found 2"
    ):
        assign([source("a", "p"), source("b", "q")], SplitByPatient())


def test_nothing_left_to_train_on_is_refused():
    with pytest.raises(ConfigError, match="expected patches to train on"):
        assign([source("a", "p")], SplitByPatient(valid=0, test=("p",)))


def test_files_may_name_their_split():
    sources = [source("a", given="train"), source("b", given="valid"), source("c", given="train")]

    assert assign(sources, GIVEN) == {"train": (0, 2), "valid": (1,), "test": ()}


def test_a_file_that_names_no_split_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"found none in b.h5"):
        assign([source("a", given="train"), source("b")], GIVEN)


def leaks_of(sources, settings=GIVEN):
    return [str(error) for error in leaks(sources, assign(sources, settings))]


def test_every_patient_given_to_two_splits_is_named_with_all_files():
    sources = [
        source("a", "patient_004", given="train"),
        source("b", "patient_004", given="test"),
        source("c", "patient_004", given="test"),
        source("d", "patient_005", given="train"),
        source("e", "patient_006", given="train"),
        source("f", "patient_006", given="valid"),
    ]

    one, other = leaks_of(sources)

    said = "patient patient_004: expected one split, found test (b.h5, c.h5) and train (a.h5)"
    assert said in one
    assert "patient patient_006: expected one split, found train (e.h5) and valid (f.h5)" in other


def test_one_slide_given_to_two_splits_under_two_names_is_named():
    sources = [
        source("a", given="train", fingerprint="f"),
        source("b", given="test", fingerprint="f"),
    ]

    (found,) = leaks_of(sources)

    assert "one slide under several names" in found
    assert "found test (b.h5) and train (a.h5)" in found


def test_equal_patches_given_to_two_splits_are_named():
    sources = [
        replace(source("a", "p", given="train"), twin="t"),
        replace(source("b", "q", given="test"), twin="t"),
        source("c", "r", given="test"),
    ]

    (found,) = leaks_of(sources)

    assert "the same patches under several names: expected one split" in found


def test_equal_patches_are_never_cut_by_shares():
    sources = [replace(source(f"t{n}", f"q{n}"), twin="t") for n in range(2)]
    sources += [source(f"s{p}", f"p{p}") for p in range(6)]

    for seed in range(6):
        places = assign(sources, SplitByPatient(seed=seed))
        assert any({0, 1} <= set(own) for own in places.values())
        assert not list(leaks(sources, places))


def test_a_patient_named_for_one_split_whose_slide_is_anothers_too_is_told():
    sources = [source("a", "p", fingerprint="f"), source("b", "q", fingerprint="f")]
    sources += [source("c", "r")]

    (found,) = leaks_of(sources, SplitByPatient(valid=("p",), test=0))

    assert "found train (b.h5) and valid (a.h5)" in found


def test_one_slide_named_for_two_patients_is_not_cut():
    sources = [source("a", "p", fingerprint="f"), source("b", "q", fingerprint="f")]
    sources += [source(f"s{p}", f"p{p}") for p in range(6)]

    for seed in range(6):
        places = assign(sources, SplitByPatient(seed=seed))
        assert any({0, 1} <= set(own) for own in places.values())


def test_parts_of_a_slide_stay_together():
    part = source("a")
    sources = [replace(part, file=f"a.part-{k}-of-2.h5") for k in range(2)]
    sources += [source(f"s{p}") for p in range(4)]

    for seed in range(6):
        places = assign(sources, SplitByPatient(seed=seed))
        assert any({0, 1} <= set(own) for own in places.values())


def test_unknown_patients_are_never_compared():
    sources = [source("a", given="train"), source("b", given="test")]

    assert assign(sources, GIVEN) == {"train": (0,), "valid": (), "test": (1,)}
    assert without_patient([*sources, source("c", "p")]) == ["a", "b"]
