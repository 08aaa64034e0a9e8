from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from staged_results import write_results

from common.errors import ConfigError
from common.outcomes import write_outcome
from layer3_infer.results_folder import ResultsFolder
from layer3_infer.slide_model.slides import MeasuredSlide, NotMeasured, measured_slides
from layer3_infer.slide_result import read_result

VALUES = np.array([[0.1, np.nan], [0.9, 0.95]], np.float32)


def test_every_slide_has_features_or_a_reason(tmp_path):
    slides = dict.fromkeys("abcd", ("p", "", VALUES)) | {"e": ("", "", None)}
    write_results(tmp_path, slides)
    failed = dataclasses.replace(read_result(tmp_path, "b"), status="failed")
    write_outcome(tmp_path, failed)
    other = dataclasses.replace(read_result(tmp_path, "c"), inputs={"model_sha256": "other"})
    write_outcome(tmp_path, other)
    ResultsFolder(tmp_path).heatmap("d").write_bytes(b"damaged")

    found = {one.result.slide_id: one for one in measured_slides(tmp_path, [0.5])}

    assert found["a"].features["share_above_0.5"] == pytest.approx(2 / 3)
    assert found["a"].kind.stride_um == 16
    assert isinstance(found["e"], MeasuredSlide)
    assert not found["e"].analysed
    reasons = [found[name].reason for name in "bcd"]
    assert reasons[0] == "it failed"
    assert reasons[1].startswith("made with another model")
    assert "HDF5 cannot open" in reasons[2]
    assert [isinstance(one, NotMeasured) for one in found.values()] == [0, 1, 1, 1, 0]
    assert found["d"].error is not None


def test_slides_of_a_patient_belong_together_and_unknown_patients_to_nobody(tmp_path):
    slides = {"a": ("p", "", VALUES), "b": ("p", "", VALUES), "c": ("", "", VALUES)}
    slides["p"] = ("", "", VALUES)
    write_results(tmp_path, slides)

    patients = [one.patient for one in measured_slides(tmp_path, [0.5])]

    assert patients == ["patient p", "patient p", "slide c", "slide p"]


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="expected results of layer3-infer heatmap"):
        list(measured_slides(tmp_path, [0.5]))


def test_what_the_command_heatmap_wrote_is_measured(finished, bundle):
    found = {one.result.slide_id: one for one in measured_slides(finished, [0.5])}

    assert found["green"].features["regions_above_0.5"] == 1
    assert found["pink"].features["regions_above_0.5"] == 0
    assert not found["glass"].analysed
    assert {one.kind.model_sha256 for one in found.values()} == {bundle.model_sha256}
    assert {len(one.kind.preprocessing_sha256) for one in found.values()} == {64}
    assert [one.kind.differences(found["green"].kind) for one in found.values()] == [[]] * 3
