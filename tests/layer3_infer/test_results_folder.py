from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import ConfigError
from layer3_infer.results_folder import ResultsFolder

FOLDER = ResultsFolder(Path("out"))


def test_the_files_of_a_slide_bear_its_name_and_each_another():
    paths = FOLDER.of_slide("slide.1")

    assert {path.name.startswith("slide.1.") for path in paths} == {True}
    assert len(set(paths)) == len(paths) == 8
    assert paths[0].name == "slide.1.heatmap.h5"


def test_no_slide_may_be_called_like_a_table_or_picture_of_the_run():
    names = [name for name, of in vars(ResultsFolder).items() if isinstance(of, property)]
    files = [path for name in names if isinstance(path := getattr(FOLDER, name), Path)]
    could_be_a_slide_s = [path.stem for path in files if path.suffix in {".csv", ".png"}]

    assert len(could_be_a_slide_s) >= 6
    for stem in could_be_a_slide_s:
        with pytest.raises(ConfigError, match=f"of the run and of slide '{stem}'"):
            FOLDER.refuse_shared_names([stem])


def test_slides_whose_files_have_names_of_their_own_are_taken():
    FOLDER.refuse_shared_names(["a", "a.1", "a.tiff", "a.slide", "top", "slides.1", "reports"])


@pytest.mark.parametrize(
    ("slides", "shared"),
    [
        (["a.top", "b", "a"], r"a\.top\.png of slides 'a' and 'a\.top'"),
        (["slides"], r"slides\.csv of the run and of slide 'slides'"),
        (["patients"], r"patients\.csv of the run and of slide 'patients'"),
        (["slide_predictions"], r"slide_predictions\.csv of the run and of slide"),
        (["froc"], r"froc\.png of the run and of slide 'froc'"),
        (["froc"], r"froc\.csv of the run and of slide 'froc'"),
        (["roc"], r"roc\.png of the run and of slide 'roc'"),
    ],
)
def test_slides_that_would_share_a_file_are_refused_by_name(slides, shared):
    with pytest.raises(ConfigError, match=f"{shared}.*another slide_id in the cohort CSV"):
        FOLDER.refuse_shared_names(slides)


def test_every_file_that_would_be_shared_is_named_at_once():
    with pytest.raises(ConfigError, match=r"'b' and 'b\.top'.*'roc'"):
        FOLDER.refuse_shared_names(["roc", "b", "b.top"])
