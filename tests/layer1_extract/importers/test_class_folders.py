from __future__ import annotations

import zipfile

import cv2
import numpy as np
import pytest

from common.errors import ConfigError, ContractError
from layer1_extract.importers import find_foreign


def write(root, names, size=4):
    for value, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), np.full((size, size, 3), value, np.uint8))
    return root


def zipped(root, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*.*")):
            archive.write(file, file.relative_to(root.parent))
    return path


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize(("normal", "tumor"), [("0", "1"), ("normal", "Tumor")])
def test_the_folder_an_image_lies_in_is_its_class(tmp_path, as_zip, normal, tumor):
    names = [f"{normal}/a.png", f"{tumor}/b.png", f"deep/{tumor}/c.png", "other/d.png", "e.png"]
    root = write(tmp_path / "set", names)
    source = zipped(root, tmp_path / "set.zip") if as_zip else root

    (slide,) = find_foreign(source)

    ((labels, patches),) = slide.batches()
    assert slide.slide_id == "set"
    assert sorted(zip(labels, patches[:, 0, 0, 0].tolist(), strict=True)) == [
        (0, 0),
        (1, 1),
        (1, 2),
    ]


def test_colours_are_red_green_blue(tmp_path):
    (tmp_path / "1").mkdir()
    cv2.imwrite(str(tmp_path / "1" / "a.png"), np.full((4, 4, 3), (10, 20, 30), np.uint8))

    ((_, patches),) = find_foreign(tmp_path)[0].batches()

    assert patches[0, 0, 0].tolist() == [30, 20, 10]


def test_transparent_images_are_white(tmp_path):
    (tmp_path / "1").mkdir()
    cv2.imwrite(str(tmp_path / "1" / "a.png"), np.zeros((4, 4, 4), np.uint8))

    ((_, patches),) = find_foreign(tmp_path)[0].batches()

    assert np.unique(patches).tolist() == [255]


def test_a_folder_without_classes_is_refused(tmp_path):
    write(tmp_path, ["cats/a.png"])

    with pytest.raises(ConfigError, match="expected images in folders named 0, normal, 1"):
        find_foreign(tmp_path)


def test_an_image_that_does_not_decode_is_named(tmp_path):
    write(tmp_path, ["0/a.png"])
    (tmp_path / "0" / "b.png").write_bytes(b"no image")

    with pytest.raises(ContractError, match=r"0/b\.png: expected an image"):
        list(find_foreign(tmp_path)[0].batches())


def test_an_image_of_another_size_is_named(tmp_path):
    write(tmp_path, ["0/a.png"])
    write(tmp_path, ["1/b.png"], size=5)

    with pytest.raises(
        ContractError, match=r"1/b\.png: expected 4 x 4 px as the first, found 5 x 5"
    ):
        list(find_foreign(tmp_path)[0].batches())


def test_a_damaged_member_is_named(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "set" / "0").mkdir(parents=True)
    noise = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "set" / "0" / "a.png"), noise)
    path = zipped(tmp_path / "set", tmp_path / "set.zip")
    content = bytearray(path.read_bytes())
    content[2000:2010] = b"0123456789"
    path.write_bytes(content)

    with pytest.raises(ContractError, match=r"0/a\.png"):
        find_foreign(path)


def test_the_fingerprint_is_of_names_and_content(tmp_path):
    one, same, other = (
        find_foreign(write(tmp_path / name, names))[0].fingerprint
        for name, names in [("a", ["0/x.png"]), ("b", ["0/x.png"]), ("c", ["1/x.png"])]
    )

    assert one == same != other
