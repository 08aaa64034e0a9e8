from __future__ import annotations

import pytest

from common.cohort.stages import read_stages
from common.errors import ConfigError


def read(tmp_path, text):
    file = tmp_path / "stages.csv"
    file.write_text(text)
    return read_stages(file)


def test_slides_have_labels_and_patients_have_none(tmp_path):
    stages = read(
        tmp_path,
        "patient,stage\npatient_000.zip,pN1\npatient_000_node_0.tif,macro\n"
        "patient_000_node_1.tif,ITC\npatient_000_node_2.tif,\npatient_000_node_3.tif\n",
    )

    assert stages == {"patient_000_node_0": "macro", "patient_000_node_1": "itc"}


def test_every_unknown_stage_is_told_with_its_line(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "patient,stage\na.tif,mega\nb.tif,micro\nc.tif,pN1\n")

    first, second = str(caught.value).splitlines()
    assert first.endswith(
        "stages.csv: line 2: stage: expected one of negative, positive, itc, micro, macro, "
        "found 'mega'"
    )
    assert "line 4: stage:" in second


def test_another_table_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="line 1: expected patient,stage, found name,value"):
        read(tmp_path, "name,value\na.tif,macro\n")
