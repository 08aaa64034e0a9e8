from __future__ import annotations

from pathlib import Path

from layer3_infer.results_folder import ResultsFolder

FOLDER = ResultsFolder(Path("out"))


def test_the_files_of_a_slide_bear_its_name_and_each_another():
    paths = FOLDER.of_slide("slide.1")

    assert {path.name.startswith("slide.1.") for path in paths} == {True}
    assert len(set(paths)) == len(paths) == 8
    assert paths[0].name == "slide.1.heatmap.h5"


def test_the_files_of_a_run_are_those_of_no_slide():
    run = {FOLDER.model, FOLDER.slides, FOLDER.evaluation, FOLDER.report}
    run |= {FOLDER.froc_curve, FOLDER.froc_picture, FOLDER.roc_picture}

    assert not run & set(FOLDER.of_slide("a"))
