from __future__ import annotations

import json

from patch_headers import header

from common.outcomes import Outcome
from common.patch_file.writer import open_writer
from layer1_extract.results import of_check, of_dry_run, of_run


def test_a_run_says_what_it_made_and_what_failed(tmp_path):
    outcomes = [
        Outcome("a", "done", counts={"kept": 5}),
        Outcome("b", "failed", "b.tif: broken", exit_status=3),
    ]

    result = of_run(outcomes, 1, tmp_path)

    assert result.exit_status == 3
    assert "5 patches" in result.text
    assert "failed b: b.tif: broken" in result.text
    assert json.loads(json.dumps(result.data))["slides"][1]["reason"] == "b.tif: broken"


def test_a_dry_run_tells_finished_from_to_do():
    result = of_dry_run(["a", "b"], {"a"})

    assert result.data == {"slides": {"a": "finished", "b": "to do"}}
    assert result.text.startswith("2 slides, 1 to do")


def test_a_dry_run_counts_parts_where_slides_are_cut():
    result = of_dry_run(["a.part-0-of-2", "a.part-1-of-2"], set())

    assert result.text.startswith("2 parts, 2 to do")


def test_a_check_names_the_broken_file_and_ends_with_4(tmp_path):
    with open_writer(tmp_path / "s.h5", header()) as writer:
        writer.finish()
    (tmp_path / "t.h5").write_bytes(b"")

    result = of_check([tmp_path / "s.h5", tmp_path / "t.h5"], decode=False)

    assert result.exit_status == 4
    assert result.data["files"][str(tmp_path / "s.h5")] == []
    assert "t.h5: format" in result.text
    assert of_check([tmp_path / "s.h5"], decode=True).exit_status == 0
