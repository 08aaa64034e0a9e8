from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from patch_files import write_patch_file
from tiff_slides import tissue_on_glass, write_slide

from common.doctor.wanted import WANTED
from common.errors import PipelineError
from common.model_bundle import Manifest, write_bundle


@pytest.fixture
def bundle(tmp_path):
    """A bundle whose network is never loaded."""
    manifest = Manifest(architecture="small", patch_size=48, patch_mpp=0.5, cam_layer="last")
    write_bundle(tmp_path / "bundle", manifest, lambda path: path.write_bytes(b"network"), "card")
    return tmp_path / "bundle"


def test_slides_are_counted_and_the_first_is_opened(tmp_path):
    image = tissue_on_glass(256, 128, (0, 0, 99, 99))
    for name in ("a", "b"):
        write_slide(tmp_path / f"{name}.tif", image, levels=1)

    assert WANTED["slides"](tmp_path) == "2 slides, the first opens: a, 256 x 128 px"


def test_a_slide_that_does_not_say_its_scale_is_one(tmp_path):
    write_slide(tmp_path / "a.tif", tissue_on_glass(256, 128, (0, 0, 99, 99)), mpp=None, levels=1)

    assert "1 slide" in WANTED["slides"](tmp_path)


def test_patch_files_are_counted_and_the_header_of_the_first_is_read(tmp_path):
    write_patch_file(tmp_path, "a", size=16, mpp=1.0)

    assert WANTED["patches"](tmp_path) == "1 patch file, the first opens: 16 px at 1 um/px"


def test_a_bundle_is_told_by_its_manifest_without_keras(bundle):
    code = (
        "import json, pathlib, sys; from common.doctor.wanted import WANTED\n"
        "said = WANTED['model'](pathlib.Path(sys.argv[1]))\n"
        "print(json.dumps([said, 'keras' in sys.modules]))"
    )
    words = [sys.executable, "-c", code, str(bundle)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == ["a whole bundle: small, 48 px", False]


@pytest.mark.parametrize("name", WANTED)
def test_an_empty_folder_is_not_what_is_wanted(tmp_path, name):
    with pytest.raises(PipelineError, match="expected"):
        WANTED[name](tmp_path)


@pytest.mark.parametrize(("name", "file"), [("slides", "a.svs"), ("patches", "a.h5")])
def test_a_text_with_the_right_name_is_not_what_is_wanted(tmp_path, name, file):
    (tmp_path / file).write_text("text")

    with pytest.raises(PipelineError, match=file):
        WANTED[name](tmp_path)


def test_a_damaged_bundle_is_not_what_is_wanted(bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "copy")
    (tmp_path / "copy" / "model.keras").write_bytes(b"netwerk")

    with pytest.raises(PipelineError, match="sha256"):
        WANTED["model"](tmp_path / "copy")
