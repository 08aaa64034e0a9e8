from __future__ import annotations

import json
from functools import partial

from tiff_slides import tissue_on_glass, write_slide
from typed_commands import typed

from layer1_extract.cli import cli

run = partial(typed, cli, "doctor")


def test_this_machine_can_extract(tmp_path):
    write_slide(tmp_path / "slides" / "a.tif", tissue_on_glass(256, 256, (0, 0, 99, 99)), levels=1)

    result = run("--out", tmp_path / "out", "--slides", tmp_path / "slides", "--json")

    assert result.exit_code == 0, result.output
    found = {one["name"]: one for one in json.loads(result.stdout)["findings"]}
    assert found["OpenSlide"]["state"] == "ok"
    assert "1 file can be read" in found["slides"]["said"]
    assert not (tmp_path / "out").exists()


def test_what_will_stop_the_work_is_told_with_status_2(tmp_path):
    (tmp_path / "a.svs").symlink_to("/archive/a.svs")

    result = run("--slides", tmp_path, "--out", "/proc/none")

    assert result.exit_code == 2
    assert "/archive/a.svs, which is not there" in result.stdout
    assert "/proc/none, to be made in /proc, cannot be written" in result.stdout
    assert "2 failed" in result.stdout
