from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest
from colour_model import green_stain
from dark_nuclei import SIZE, write_dark_cohort

from common.errors import ConfigError
from common.files import spread_hash
from common.model_bundle import read_bundle
from layer3_infer.config import ConceptsSettings
from layer3_infer.explain.concept_pipeline import ConceptInputs, find_concepts
from layer3_infer.locations import find_by_slide

MEASURES = ("nuclei_area_sum", "nuclei_eccentricity")
SETTINGS = ConceptsSettings(
    layers=("looks",), measures=MEASURES, per_class=15, repeats=5, shuffles=400, folds=4
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return write_dark_cohort(tmp_path_factory.mktemp("dark"))


def run(cohort, out, settings=SETTINGS, keep=None, given=True, **more):
    files = find_by_slide(cohort.patches)
    files = {name: parts for name, parts in files.items() if keep is None or name in keep}
    inputs = ConceptInputs(files, cohort.known if given else None)
    return find_concepts(read_bundle(cohort.bundle), inputs, out, settings, **more)


@pytest.fixture(scope="module")
def finished(cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return out, run(cohort, out)


def by_concept(facts):
    return {finding["concept"]: finding for finding in facts["findings"]}


def test_a_network_that_sees_darkness_alone_follows_the_nuclei_and_not_the_tint(finished):
    found = by_concept(finished[1].facts)

    assert found["nuclei_area_sum"]["passes"]
    assert found["nuclei_area_sum"]["tcav"] == 1
    assert found["tint"]["r2"] > 0.8
    assert not found["tint"]["passes"]


def test_every_file_says_the_same(finished):
    out, result = finished

    facts = json.loads((out / "concepts.json").read_text())
    lines = list(csv.DictReader((out / "concepts.csv").read_text().splitlines()))
    words = (out / "concepts.txt").read_text()

    assert facts["findings"] == result.facts["findings"]
    assert [line["concept"] for line in lines] == [*MEASURES, "tint"]
    assert [float(line["r2"]) for line in lines] == [f["r2"] for f in facts["findings"]]
    assert words == "\n\n".join(facts["words"]) + "\n"
    assert "Where nuclei cover more, that speaks for tumour" in words
    assert (out / "concepts.png").stat().st_size > 10_000
    assert (out / "run.json").exists()


def test_what_was_trained_on_and_how_few_patients_there_are_is_said(finished):
    facts = finished[1].facts

    assert facts["patches_trained_on"] == 30
    assert facts["patients"] == 4
    assert any("trained or chosen on the slides or patients of 30 of" in w for w in facts["words"])
    assert any("Patches of 4 patients only" in words for words in facts["words"])


def test_a_second_run_keeps_what_is_there(cohort, finished):
    out, _ = finished
    before = (out / "concepts.json").stat().st_mtime_ns

    again = run(cohort, out)

    assert again.kept
    assert (out / "concepts.json").stat().st_mtime_ns == before


def test_a_run_that_was_stopped_goes_on_with_the_measures_it_has(cohort, finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    (out / "concepts.json").unlink()
    (out / "measures" / "s2.csv").unlink()
    kept = (out / "measures" / "s1.csv").stat().st_mtime_ns

    again = run(cohort, out)

    assert not again.kept
    assert again.facts["findings"] == finished[1].facts["findings"]
    assert (out / "measures" / "s1.csv").stat().st_mtime_ns == kept


def test_other_settings_are_refused_in_the_same_folder(cohort, finished):
    with pytest.raises(ConfigError, match="ridge"):
        run(cohort, finished[0], SETTINGS.model_copy(update={"ridge": 1.0}))


def test_a_slide_that_cannot_be_read_fails_alone(cohort, tmp_path):
    patches = tmp_path / "patches"
    shutil.copytree(cohort.patches, patches)
    (patches / "s3.h5").write_bytes(b"no patches")
    damaged = type(cohort)(cohort.bundle, patches, cohort.known)

    result = run(damaged, tmp_path / "out")

    ended = {outcome.slide_id: outcome.status for outcome in result.outcomes}
    assert ended == {"s0": "done", "s1": "done", "s2": "done", "s3": "failed"}
    assert result.facts["slides"] == 3
    assert not run(damaged, tmp_path / "out").kept


def test_one_patient_is_not_enough(cohort, tmp_path):
    with pytest.raises(ConfigError, match="two patients at least, found 1"):
        run(cohort, tmp_path / "out", keep={"s0"})


def test_too_few_shuffles_for_anything_to_pass_are_refused(cohort, tmp_path):
    settings = SETTINGS.model_copy(update={"shuffles": 100})

    with pytest.raises(ConfigError, match="at least 120 for 3 concepts times layers"):
        run(cohort, tmp_path / "out", settings)


def test_only_patches_that_a_given_file_names_are_looked_at(cohort, tmp_path):
    lines = cohort.known.read_text().splitlines()
    known = tmp_path / "some.csv"
    known.write_text("\n".join([lines[0], *[line for line in lines[1:] if line[:2] != "s3"]]))
    fewer = type(cohort)(cohort.bundle, cohort.patches, known)

    result = run(fewer, tmp_path / "out")

    assert {o.slide_id: o.status for o in result.outcomes}["s3"] == "empty"
    assert result.facts["patients"] == 3


def test_processes_that_share_the_measuring_change_nothing(cohort, finished, tmp_path):
    result = run(cohort, tmp_path / "out", workers=2)

    assert result.facts["findings"] == finished[1].facts["findings"]


def test_other_given_nuclei_are_refused_in_the_same_folder(cohort, tmp_path):
    out, folders = tmp_path / "out", (tmp_path / "one", tmp_path / "two")
    for label, folder in enumerate(folders, 1):
        folder.mkdir()
        for number in range(4):
            with h5py.File(folder / f"s{number}.nuclei.h5", "w") as file:
                file["nuclei"] = np.full((30, SIZE, SIZE), label, np.uint8)
    bundle, files = read_bundle(cohort.bundle), find_by_slide(cohort.patches)
    given = [ConceptInputs(files, cohort.known, folder) for folder in folders]

    first = find_concepts(bundle, given[0], out, SETTINGS)

    assert "no value varies" in by_concept(first.facts)["nuclei_area_sum"]["reason"]
    assert first.facts["concepts"][0]["source"] == "nuclei given"
    assert "Nuclei were given by the user, and not found here." in first.facts["words"]
    with pytest.raises(ConfigError, match="nuclei_sha256"):
        find_concepts(bundle, given[1], out, SETTINGS)


def test_one_corrected_label_in_given_nuclei_is_seen(cohort, tmp_path):
    out, folder = tmp_path / "out", tmp_path / "nuclei"
    folder.mkdir()
    labels = np.zeros((30, SIZE, SIZE), np.int64)
    for number in range(4):
        with h5py.File(folder / f"s{number}.nuclei.h5", "w") as file:
            file["remarks"] = np.zeros(2**24 if number == 1 else 1, np.uint8)
            file["nuclei"] = labels
    sampled = spread_hash(folder / "s1.nuclei.h5")
    bundle, files = read_bundle(cohort.bundle), find_by_slide(cohort.patches)
    inputs = ConceptInputs(files, cohort.known, folder)
    find_concepts(bundle, inputs, out, SETTINGS)
    with h5py.File(folder / "s1.nuclei.h5", "r+") as file:
        file["nuclei"][8, 5, 5] = 3
    assert spread_hash(folder / "s1.nuclei.h5") == sampled

    with pytest.raises(ConfigError, match="nuclei_sha256"):
        find_concepts(bundle, inputs, out, SETTINGS)
    again = find_concepts(bundle, inputs, out, SETTINGS, overwrite=True)

    lines = (out / "measures" / "s1.csv").read_text().splitlines()
    marks = {line.split(",")[1] for line in lines[1:]}
    assert len(marks) == 1
    assert len(marks.pop()) == 64
    assert not again.kept


def test_a_discrete_concept_nobody_knows_is_refused(cohort, tmp_path):
    settings = SETTINGS.model_copy(update={"discrete": ("tinted",)})

    with pytest.raises(ConfigError, match="discrete: expected concepts, found tinted"):
        run(cohort, tmp_path / "out", settings)


def test_layers_are_chosen_where_none_are_named(cohort, tmp_path):
    settings = SETTINGS.model_copy(update={"layers": ()})

    assert run(cohort, tmp_path / "out", settings).facts["layers"] == ["looks"]


def test_the_stain_of_slides_is_what_the_network_is_shown(cohort, tmp_path):
    bundle = read_bundle(cohort.bundle)
    stained = bundle.manifest.model_copy(update={"preprocessing": green_stain()})
    files = find_by_slide(cohort.patches)
    inputs = ConceptInputs(files, cohort.known)

    result = find_concepts(replace(bundle, manifest=stained), inputs, tmp_path / "out", SETTINGS)

    assert {outcome.status for outcome in result.outcomes} == {"done"}
    assert result.facts["findings"] != run(cohort, tmp_path / "plain").facts["findings"]
