from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from staged_results import values_of, write_results

from common.errors import ConfigError
from layer3_infer.prediction_record import misfit
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.run_claim import read_run
from layer3_infer.slide_model.applying import apply_slide_model, predictions_csv
from layer3_infer.slide_result import read_results


def rows_of(folder):
    return list(csv.DictReader(io.StringIO((folder / "slide_predictions.csv").read_text())))


def new_slides(seed=5):
    rng = np.random.default_rng(seed)
    return {name: (f"n_{name}", "", values_of(name, rng)) for name in ("macro", "negative")}


def test_new_slides_get_the_class_of_their_regions(trained, tmp_path):
    folder = write_results(tmp_path, new_slides() | {"blank": ("b", "", None)})

    predictions, errors = apply_slide_model(folder, trained[1])

    rows = rows_of(folder)
    assert [(row["slide_id"], row["patient"], row["class"]) for row in rows] == [
        ("blank", "b", ""),
        ("macro", "n_macro", "macro"),
        ("negative", "n_negative", "negative"),
    ]
    assert rows[0]["score"] == ""
    assert rows[0]["reason"] == "nothing was analysed: no tissue"
    assert float(rows[1]["score"]) == predictions[1].score > 0.9 > 0.5 > float(rows[2]["score"])
    assert list(rows[0])[:4] == ["slide_id", "patient", "score", "class"]
    assert errors == []


def test_what_it_wrote_fits_the_heatmaps_until_these_are_others(trained, tmp_path):
    folder, slides = write_results(tmp_path, new_slides()), new_slides()
    apply_slide_model(folder, trained[1])
    out = ResultsFolder(folder)
    assert misfit(out, read_run(folder), read_results(folder)) == ""

    write_results(folder, slides, model_sha256="d" * 64)

    assert misfit(out, read_run(folder), read_results(folder)) != ""


def test_slides_and_patients_it_was_trained_on_are_flagged(staged, trained, tmp_path):
    rng = np.random.default_rng(0)
    slides = {
        "other_of_p0": ("p0", "", values_of("macro", rng)),
        "new": ("n", "test", values_of("macro", rng)),
        "p0_itc": ("", "", values_of("itc", rng)),  # the content of a slide it knows
        "seen_by_patches": ("n", "train", values_of("macro", rng)),
    }
    folder = write_results(tmp_path, slides)

    predictions, _ = apply_slide_model(folder, trained[1])

    assert {one.slide_id: one.seen_in_split for one in predictions} == {
        "new": "test",
        "other_of_p0": "train",
        "p0_itc": "train",
        "seen_by_patches": "train",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"model_sha256": "d" * 64}, "model_sha256 ddd"), ({"stride": 32}, "stride_um 8")],
)
def test_heatmaps_of_another_kind_are_refused_and_nothing_is_written(
    trained, tmp_path, changes, message
):
    folder = write_results(tmp_path, new_slides(), **changes)

    with pytest.raises(ConfigError, match=message):
        apply_slide_model(folder, trained[1])
    assert not ResultsFolder(folder).slide_predictions.exists()


def test_a_damaged_heatmap_leaves_its_slide_without_a_score_and_the_others_with_one(
    trained, tmp_path
):
    folder = write_results(tmp_path, new_slides())
    ResultsFolder(folder).heatmap("macro").write_bytes(b"damaged")

    predictions, errors = apply_slide_model(folder, trained[1])

    assert [one.score is None for one in predictions] == [True, False]
    assert [error.exit_status for error in errors] == [4]


def test_an_empty_table_has_its_columns():
    assert predictions_csv([]) == "slide_id,patient,score,class,seen_in_split,reason\n"
