from __future__ import annotations

from dataclasses import replace

import numpy as np
import tifffile
from heatmap_headers import HEADER

from common.grid import Grid
from layer3_infer.heatmap import Heatmap
from layer3_infer.heatmap_file import HeatmapFile
from layer3_infer.ome_xml import facts, ome_xml, read_facts


def made(**changes):
    heatmap = Heatmap(Grid((7, 9), 10, 20, 2, 3), np.zeros((2, 3), np.float32))
    return HeatmapFile(replace(HEADER, **changes), heatmap)


def test_size_scale_and_place_are_in_the_words_of_ome():
    said = tifffile.xml2dict(ome_xml(made(), (3, 4)).decode())["OME"]["Image"]

    assert (said["Pixels"]["SizeX"], said["Pixels"]["SizeY"]) == (4, 3)
    assert said["Pixels"]["PhysicalSizeX"] == 10 * HEADER.level0_mpp
    assert said["Pixels"]["PhysicalSizeXUnit"] == "µm"
    assert said["Pixels"]["Plane"]["PositionX"] == 7 * HEADER.level0_mpp
    assert said["Pixels"]["Plane"]["PositionY"] == 9 * HEADER.level0_mpp


def test_the_facts_come_back():
    found = read_facts(ome_xml(made(), (3, 4)).decode())

    assert found == facts(made())
    assert found["no_data"] == "NaN"
    assert found["origin_level0"] == "7,9"
    assert found["model_sha256"] == HEADER.model_sha256


def test_names_of_slides_are_escaped():
    text = ome_xml(made(slide_id='ä "<&>'), (3, 4))

    assert text.isascii()
    assert read_facts(text.decode())["slide_id"] == 'ä "<&>'


def test_another_program_s_description_has_no_facts():
    assert read_facts("<OME/>") == {}
