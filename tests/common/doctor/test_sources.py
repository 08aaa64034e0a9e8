from __future__ import annotations

import sys

from fake_hosts import fake_host
from tiff_slides import tissue_on_glass, write_slide

from common.doctor.sources import look

SAYS = """
import json, sys, time
question = json.loads(sys.argv[1])
{}
"""
ANSWERS = "print(json.dumps({'step': 'there'}), flush=True)\n"


def of(host, *given, **more):
    return look(host, "slides", given, "/slides", **more)


def saying(code):
    """A program that does this instead."""
    return sys.executable, "-I", "-S", "-c", SAYS.format(code)


def test_what_another_process_found_is_told(tmp_path):
    slide = write_slide(tmp_path / "a.tif", tissue_on_glass(256, 256, (0, 0, 99, 99)), levels=1)

    well, lost = of(fake_host(tmp_path), slide, tmp_path / "none")

    assert well.state == "ok"
    assert "1 slide, the first opens: a, 256 x 256 px" in well.said
    assert (lost.state, lost.said) == ("failed", f"{tmp_path / 'none'} is not there")


def test_where_nothing_is_given_only_a_container_has_a_place_for_it(tmp_path):
    files = {"/slides/a.tif": ""}
    box = fake_host(tmp_path / "box", files | {"/.dockerenv": ""})

    assert "1 file can be read" in of(box)[0].said
    assert of(fake_host(tmp_path / "bare", files), program=saying("print(1/0)")) == []


def test_the_kind_of_container_is_known_there(tmp_path):
    (found,) = of(fake_host(tmp_path, APPTAINER_CONTAINER="x"), tmp_path / "none")

    assert "--bind" in found.advice


def test_a_server_that_does_not_answer_hangs_nobody(tmp_path):
    (found,) = of(fake_host(tmp_path), tmp_path, program=saying("time.sleep(60)"), seconds=1)

    assert found.state == "failed"
    assert found.said == f"{tmp_path} does not answer: no end within 1 s"


def test_a_slow_one_is_not_said_to_be_gone(tmp_path):
    slow = saying(ANSWERS + "time.sleep(60)")

    (found,) = of(fake_host(tmp_path), tmp_path, program=slow, seconds=1)

    assert found.state == "warning"
    assert "was not looked at whole" in found.said


def test_what_ends_the_program_is_told_with_what_it_found_before(tmp_path):
    one = "{'name': 'slides', 'state': 'ok', 'said': 'well', 'advice': ''}"
    code = f"{ANSWERS}print(json.dumps({{'step': '0', 'finding': {one}}}))\nraise OSError('gone')"

    well, bad = of(fake_host(tmp_path), tmp_path, program=saying(code))

    assert (well.state, well.said) == ("ok", "well")
    assert (bad.state, bad.said) == (
        "failed",
        f"{tmp_path} could not be looked at: OSError: gone",
    )


def test_files_of_the_current_folder_are_not_taken_for_libraries(tmp_path, monkeypatch):
    """The commands do not take them either."""
    (tmp_path / "json.py").write_text("raise ImportError('of the user')")
    (tmp_path / "slides").mkdir()
    monkeypatch.chdir(tmp_path)

    (found,) = of(fake_host(tmp_path), tmp_path / "slides")

    assert "expected slides" in found.said
