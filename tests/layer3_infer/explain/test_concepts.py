from __future__ import annotations

import numpy as np
import pytest

from common.errors import ConfigError
from layer3_infer.explain.concepts import of_measures, read_given, values_of
from layer3_infer.explain.measures import MEASURES


def written(tmp_path, text):
    path = tmp_path / "known.csv"
    path.write_text(text)
    return path


def test_every_measure_is_a_concept_at_the_scale_it_could_be_measured_at():
    fine, coarse = of_measures((), (), 0.125), of_measures((), (), 0.5)

    assert [concept.name for concept in fine] == list(MEASURES)
    scales = {c.name: (c.mpp, d.mpp) for c, d in zip(fine, coarse, strict=True)}
    assert scales["contrast"] == (0.25, 0.5)
    assert scales["nuclei_number"] == (0.125, 0.5)


def test_a_measure_is_discrete_where_that_is_asked_for():
    concepts = of_measures(("contrast", "asm"), ("asm",), 0.5)

    assert [(c.name, c.kind) for c in concepts] == [
        ("contrast", "continuous"),
        ("asm", "discrete"),
    ]


def test_a_measure_nobody_knows_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'contrast'"):
        of_measures(("contrats",), (), 0.5)


def test_given_concepts_are_read_by_patch(tmp_path):
    path = written(tmp_path, "slide_id,x,y,mitoses\na,0,10,3\na,5,10,\nb,0,10,0\n")

    given = read_given(path)

    assert [(c.name, c.kind, c.mpp, c.source) for c in given.concepts] == [
        ("mitoses", "continuous", None, "known.csv")
    ]
    assert given.values["a", 0, 10] == (3.0,)
    assert np.isnan(given.values["a", 5, 10][0])


def test_a_column_of_words_is_a_discrete_concept_for_each_word(tmp_path):
    path = written(tmp_path, "slide_id,x,y,grade\na,0,0,high\na,1,0,low\na,2,0,\n")

    given = read_given(path)

    assert [(c.name, c.kind) for c in given.concepts] == [
        ("grade=high", "discrete"),
        ("grade=low", "discrete"),
    ]
    assert given.values["a", 0, 0] == (1.0, 0.0)
    assert np.isnan(given.values["a", 2, 0]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slide_id,x,mitoses\na,0,3\n", "expected columns slide_id, x, y and one"),
        ("slide_id,x,y\na,0,3\n", "found none"),
        ("slide_id,x,y,m\na,0.5,3,1\n", "line 2: expected x and y, level-0 px, found '0.5'"),
        ("slide_id,x,y,m\na,0,3\nb,1,1,1\na,0,3,2\n", "line 4: .*found two of .*is line 2"),
        ("slide_id,x,y,m,m\na,0,3,1,1\n", "expected each column once, found two named 'm'"),
        ("slide_id,x,x,y,m\na,0,0,3,1\n", "found two named 'x'"),
        ("slide_id,x,y,m,\na,0,3,1,1\n", "found none for column 5"),
        ("slide_id,x,y,m\na,0,3,\0\n", "bytes that are 0"),
        ("slide_id,x,y,m,m=a\na,0,3,a,1\n", "found two of m=a"),
        ("slide_id,x,y,m\na,0\n", "line 2: expected x and y"),
    ],
)
def test_a_file_that_does_not_say_which_patch_is_refused(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        read_given(written(tmp_path, text))


def test_a_concept_named_like_a_measure_is_refused_with_both(tmp_path):
    path = written(tmp_path, "slide_id,x,y,contrast\na,0,0,1\n")

    with pytest.raises(ConfigError, match=r"known\.csv: column 'contrast': .*'Chromatin contrast'"):
        read_given(path)


def test_a_word_among_numbers_is_refused_with_its_line(tmp_path):
    path = written(tmp_path, "slide_id,x,y,m\na,0,0,1.5\n\na,1,0,n/a\na,2,0,\na,3,0,2\n")

    with pytest.raises(ConfigError, match="column 'm': line 4: expected a number.*found 'n/a'"):
        read_given(path)


def test_numbers_among_words_are_words(tmp_path):
    path = written(tmp_path, "slide_id,x,y,g\na,0,0,1\na,1,0,2a\na,2,0,2b\n")

    assert [c.name for c in read_given(path).concepts] == ["g=1", "g=2a", "g=2b"]


def test_a_column_of_too_many_words_is_refused(tmp_path):
    lines = [f"a,{number},0,w{number}" for number in range(21)]

    assert (
        len(read_given(written(tmp_path, "\n".join(["slide_id,x,y,g", *lines[1:]]))).concepts) == 20
    )
    with pytest.raises(ConfigError, match="at most 20 different words, found 21"):
        read_given(written(tmp_path, "\n".join(["slide_id,x,y,g", *lines])))


def test_spaces_around_names_do_not_count(tmp_path):
    given = read_given(written(tmp_path, "slide_id, x, y, m\n a ,0, 3, 1\n"))

    assert given.values["a", 0, 3] == (1.0,)
    assert given.concepts[0].name == "m"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected a CSV"):
        read_given(tmp_path / "absent.csv")


def test_a_discrete_measure_parts_the_highest_third_from_the_lowest():
    (concept,) = of_measures(("asm",), ("asm",), 0.5)

    values = values_of(concept, np.array([1.0, 2, 3, 4, 5, 6, np.nan]))

    assert values.discrete
    np.testing.assert_array_equal(values.values, [0, 0, np.nan, np.nan, 1, 1, np.nan])


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        ([(1, 5), (2, 90), (3, 5)], (5, 5)),
        ([(1, 80), (2, 10), (3, 10)], (80, 20)),
        ([(1, 10), (2, 10), (3, 80)], (20, 80)),
    ],
)
def test_a_value_that_most_patches_share_does_not_swallow_both_thirds(counts, parts):
    (concept,) = of_measures(("asm",), ("asm",), 0.5)
    measured = np.concatenate([np.full(count, float(value)) for value, count in counts])

    values = values_of(concept, measured).values

    assert ((values == 0).sum(), (values == 1).sum()) == parts


def test_a_discrete_concept_of_two_values_keeps_all_patches():
    (concept,) = of_measures(("asm",), ("asm",), 0.5)

    values = values_of(concept, np.array([2.0, 7, np.nan, 2]))

    np.testing.assert_array_equal(values.values, [0, 1, np.nan, 0])


def test_a_continuous_concept_is_taken_as_it_is():
    (concept,) = of_measures(("asm",), (), 0.5)
    measured = np.array([1.0, np.nan])

    assert values_of(concept, measured).values is measured
