from __future__ import annotations

import json

from common.provenance import log_head, run_record, software


def test_software_has_a_name_and_a_version():
    assert software().startswith("camnet ")


def test_the_first_line_of_a_log_says_where_and_with_what(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "42")

    line = log_head("abcdef0123456789")

    assert "host=" in line
    assert "job=42" in line
    assert software() in line
    assert "config=abcdef012345" in line
    assert "\n" not in line


def test_a_run_record_is_plain_json():
    record = json.loads(json.dumps(run_record("train", "abc")))

    assert record["command"] == "train"
    assert record["config_sha256"] == "abc"
    assert record["started"].endswith("+00:00")
