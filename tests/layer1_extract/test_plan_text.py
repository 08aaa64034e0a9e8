from __future__ import annotations

from common.config import load
from layer1_extract.config import ExtractSettings
from layer1_extract.cost import Cost
from layer1_extract.estimate import Cut, planned
from layer1_extract.needs import Need
from layer1_extract.plan_text import largest, of_plan

SETTINGS = load(ExtractSettings, None, ["sampling.method=dense"])
COST = Cost(read_s=10.0, store_s=5.0, jpeg_bytes=0.5)
NEEDS = [Need(f"s{i}", 1000, 100 * i, 100, source_mpx=0.01, survey_s=1.0) for i in range(8)]


def test_patches_disk_and_time_are_told_with_their_units():
    made = planned(8, NEEDS, COST, SETTINGS, Cut(blocks=1, workers=2))

    slides, disk, time = of_plan(made, COST, SETTINGS, Cut(workers=2))

    assert slides == "8 slides: 2800 patches at most, of 8000 places looked at"
    assert disk == (
        "disk: 0.08 GB as raw, 0.01 GB as jpeg, 0.00 GB as locations only "
        f"(JPEG of quality {SETTINGS.storage.quality}, 0.50 bytes per pixel)"
    )
    assert time.endswith(" on 2 (measured elsewhere: --calibrate times it here)")


def test_the_slides_that_take_longest_are_named_first():
    lines = largest(NEEDS, {need.slide_id: float(need.patches) for need in NEEDS})

    assert lines[0] == "  s7: 700 patches, 11.7 min"
    assert [line.split(":")[0].strip() for line in lines] == ["s7", "s6", "s5", "s4", "s3"]
