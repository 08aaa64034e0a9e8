"""A whole cohort on disk, in CAMELYON17's layout, with the truth about every nucleus beside it.

OUT/phantom.json                        the settings
OUT/centre_C/patient_PPP_node_N.tif     the slides
OUT/lesion_annotations/*.xml            tumour, of positive slides only
OUT/stages.csv                          stages of patients and slides
OUT/truth/*.json                        nuclei
"""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import cv2

from common.cluster import available_cpus
from common.errors import ConfigError
from common.files import whole_file, write_text
from layer1_extract.phantom.asap import asap_xml
from layer1_extract.phantom.pyramid import write_pyramid
from layer1_extract.phantom.roster import roster
from layer1_extract.phantom.slide import grow_slide
from layer1_extract.phantom.stages import slide_stage, stages_csv
from layer1_extract.phantom.truth import truth_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from layer1_extract.phantom.roster import Entry
    from layer1_extract.phantom.settings import PhantomSettings

_SETTINGS: Final = "phantom.json"


def make_cohort(
    out: Path,
    settings: PhantomSettings,
    progress: Callable[[str], None] | None = None,
    *,
    workers: int | None = None,
) -> list[Path]:
    """Write a cohort to `out`; slides do not depend on each other or on the workers.

    Parameters
    ----------
    out : Path
        A folder that is absent, empty, or holds a cohort of the same settings, which is made anew.
    settings : PhantomSettings
    progress : callable, optional
        Called with the slide_id of each slide when it is done, in the order they end.
    workers : int, optional
        Processes to use; by default one per available CPU.

    Returns
    -------
    list of Path
        The slides, in the order of the roster.

    Raises
    ------
    ConfigError
        If `out` holds anything else.
    """
    _claim(out, settings)
    entries = roster(settings.slides)
    stages = {}
    for entry, stage in _made(out, settings, workers or available_cpus()):
        stages[entry.patient, entry.slide_id] = stage
        if progress is not None:
            progress(entry.slide_id)
    write_text(out / "stages.csv", stages_csv(stages))
    return [entry.slide_path(out) for entry in entries]


def make_slide(out: Path, settings: PhantomSettings, entry: Entry) -> str:
    """Write one slide with its annotation and its truth, and return its stage."""
    slide = grow_slide(entry, settings)
    stage = slide_stage(slide.anatomy.lesions, int(slide.nuclei.tumor.sum()))
    with whole_file(entry.slide_path(out)) as partial:
        write_pyramid(partial, slide.tiles(), settings.size)
    if slide.anatomy.lesions:
        write_text(entry.annotation_path(out), asap_xml(slide.anatomy.lesions))
    write_text(entry.truth_path(out), truth_json(entry.slide_id, stage, slide))
    return stage


def _made(out: Path, settings: PhantomSettings, workers: int) -> Iterator[tuple[Entry, str]]:
    """Make every slide, and yield it with its stage when it is done."""
    entries = roster(settings.slides)
    workers = min(workers, len(entries))
    if workers == 1:
        yield from ((entry, make_slide(out, settings, entry)) for entry in entries)
        return
    # A forked child would inherit the locks of OpenCV's threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, context, initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        running = {pool.submit(make_slide, out, settings, entry): entry for entry in entries}
        for done in as_completed(running):
            yield running[done], done.result()


def _claim(out: Path, settings: PhantomSettings) -> None:
    """Leave the settings in `out`, unless something else is there."""
    record = asdict(settings) | {"differ": sorted(settings.differ)}
    text = json.dumps({"format": "camnet-phantom"} | record, indent=2) + "\n"
    path = out / _SETTINGS
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    if out.exists() and any(out.iterdir()):
        raise ConfigError(
            f"{out}: expected an empty folder or a phantom cohort of the same settings, "
            f"found other files. Give another folder"
        )
    write_text(path, text)
