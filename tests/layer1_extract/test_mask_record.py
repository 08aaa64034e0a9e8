from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np

from common.files import sha256
from common.tissue import TissueMask, mask_path, write_mask
from layer1_extract.mask_record import keep_mask


def known(tissue, given=None):
    mask = TissueMask(np.array(tissue, bool), 200, 200)
    return SimpleNamespace(slide=SimpleNamespace(slide_id="s"), mask=mask, given=given)


LEFT, RIGHT = [[1, 0], [1, 0]], [[0, 1], [0, 1]]


def test_the_mask_that_was_found_is_written(tmp_path):
    keep_mask(tmp_path, known(LEFT), None)

    assert json.loads((tmp_path / "s.geojson").read_text())["features"]


def test_another_mask_there_is_set_aside_and_the_same_one_stays(tmp_path):
    keep_mask(tmp_path, known(LEFT), None)
    corrected = (tmp_path / "s.geojson").read_text()
    keep_mask(tmp_path, known(LEFT), None)
    assert not (tmp_path / "set_aside").exists()

    keep_mask(tmp_path, known(RIGHT), None)

    assert (tmp_path / "set_aside" / "s.geojson").read_text() == corrected


def test_a_mask_a_person_gave_is_copied_as_it_is(tmp_path):
    given = tmp_path / "given"
    write_mask(mask_path(given, "s"), known(LEFT).mask)
    text = (given / "s.geojson").read_text().replace("Tissue", "tissue")
    (given / "s.geojson").write_text(text)

    kept = keep_mask(tmp_path / "masks", known(LEFT, text.encode()), given)

    assert (tmp_path / "masks" / "s.geojson").read_text() == text
    assert kept == sha256(given / "s.geojson")


def test_a_mask_given_from_the_results_themselves_is_not_written_over(tmp_path):
    write_mask(mask_path(tmp_path, "s"), known(LEFT).mask)
    text = (tmp_path / "s.geojson").read_text() + "\n"
    (tmp_path / "s.geojson").write_text(text)

    keep_mask(tmp_path, known(LEFT, b"as it was when it was read"), tmp_path)

    assert (tmp_path / "s.geojson").read_text() == text


def test_every_mask_a_person_corrected_is_set_aside_and_none_is_lost(tmp_path):
    for text in ("first", "second"):
        (tmp_path / "s.geojson").write_text(text)
        keep_mask(tmp_path, known(LEFT), None)

    aside = {path.read_text() for path in (tmp_path / "set_aside").iterdir()}
    assert aside == {"first", "second"}


def test_what_is_told_of_a_mask_that_was_found_is_the_hash_of_its_file(tmp_path):
    assert keep_mask(tmp_path, known(LEFT), None) == sha256(tmp_path / "s.geojson")
