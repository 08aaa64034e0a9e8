from __future__ import annotations

import hashlib
import json

import pytest

from common.errors import ContractError
from layer3_infer.slide_model.model_file import read_slide_model, write_slide_model


def changed(trained, tmp_path, *, sealed=True, **values):
    """The file with other values; sealed with its right hash."""
    content = json.loads(trained[0].read_text()) | values
    content = {name: value for name, value in content.items() if value is not None}
    if sealed:
        rest = {name: value for name, value in content.items() if name != "sha256"}
        text = json.dumps(rest, sort_keys=True)
        content["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(content))
    return path


def test_what_is_written_is_read(trained, tmp_path):
    path, made = trained

    assert read_slide_model(path) == made
    assert write_slide_model(tmp_path / "again.json", made).sha256 == made.sha256
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_no_patient_is_named(trained):
    text = trained[0].read_text()

    assert '"p0"' not in text
    assert "p0_negative" not in text
    assert trained[1].seen("other", "p0")
    assert not trained[1].seen("other", "p99")
    assert not trained[1].seen("other", "")


def test_a_newer_minor_version_with_more_keys_is_read(trained, tmp_path):
    path = changed(trained, tmp_path, format_version="1.7", colour="blue")

    assert read_slide_model(path).classes == trained[1].classes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": "other"}, "format: expected camnet-slide-model, found 'other'"),
        ({"format_version": "2.0"}, "format_version: expected 1.x, found '2.0' written by camnet"),
        ({"means": None}, "means: expected Field required"),
        ({"means": [1.0]}, r"means: expected \(24,\) finite numbers, found \(1,\)"),
        ({"scales": [0.0] * 24}, "scales: expected numbers greater than 0"),
        ({"intercepts": [1.0, float("inf"), 0.0, 0.0]}, "intercepts.1: expected"),
        ({"coefficients": [[1.0], []]}, "coefficients: expected rows of one length"),
        ({"classes": ["negative", "itc"]}, "classes: expected"),
        ({"thresholds": [0.5]}, "features: expected those of its thresholds"),
        ({"heatmaps": {"model_sha256": "a"}}, "heatmaps.preprocessing_sha256: expected"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused_by_name(trained, tmp_path, values, message):
    with pytest.raises(ContractError, match=message):
        read_slide_model(changed(trained, tmp_path, **values))


def test_a_number_changed_by_hand_is_noticed(trained, tmp_path):
    path = changed(trained, tmp_path, sealed=False, intercepts=[9.0, 0.0, 0.0, 0.0])

    with pytest.raises(ContractError, match="sha256: expected"):
        read_slide_model(path)


@pytest.mark.parametrize("content", ["", "[]", '"text"', "{", "[" * 100_000])
def test_what_is_no_slide_model_is_refused(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_text(content)

    with pytest.raises(ContractError):
        read_slide_model(path)
    with pytest.raises(ContractError, match="expected a slide model"):
        read_slide_model(tmp_path / "missing.json")
