"""One small cohort, one model that answers by colour, and one finished run over both."""

from __future__ import annotations

import pytest
from colour_model import GREEN, PINK, write_colour_bundle
from small_cohort import MPP, SIZE, TISSUE, TUMOUR, filled, write_patch_file
from tiff_slides import asap, write_slide

from common.cluster import Shard
from common.cohort import read_cohort
from common.model_bundle import read_bundle
from common.units import units_of
from layer3_infer.analysis import Analysis, open_slide
from layer3_infer.config import HeatmapSettings
from layer3_infer.pipeline import run
from layer3_infer.results_folder import ResultsFolder


@pytest.fixture(scope="session")
def cohort_csv(tmp_path_factory):
    """A positive slide with its annotation, a negative one, and one without tissue."""
    folder = tmp_path_factory.mktemp("cohort")
    write_slide(folder / "green.tif", filled((TISSUE, PINK), (TUMOUR, GREEN)), MPP)
    write_slide(folder / "pink.tif", filled((TISSUE, PINK)), MPP)
    write_slide(folder / "glass.tif", filled(), MPP)
    left, top, right, bottom = TUMOUR
    outline = [(left, top), (right, top), (right, bottom), (left, bottom)]
    (folder / "green.xml").write_text(asap([outline]))
    csv = folder / "cohort.csv"
    csv.write_text(
        "slide_id,path,patient,centre,slide_label,annotation\n"
        "green,green.tif,p1,0,positive,green.xml\n"
        "pink,pink.tif,p2,1,negative,\n"
        "glass,glass.tif,p3,1,negative,\n"
    )
    return csv


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory, cohort_csv):
    """A model that has met the slide `pink` in training, and patient p1 in its test split."""
    path = tmp_path_factory.mktemp("model") / "bundle"
    seen = {e.slide_id: open_slide(e).fingerprint for e in read_cohort(cohort_csv)}
    write_colour_bundle(path, SIZE, MPP, {"train": [seen["pink"]]}, {"test": ["p1"]})
    return path


@pytest.fixture(scope="session")
def bundle(bundle_path):
    return read_bundle(bundle_path)


@pytest.fixture(scope="session")
def run_on(bundle, cohort_csv):
    """Analyse the cohort into a folder; keywords go to `Analysis` and `run`."""

    def run_into(
        out, settings=None, source=cohort_csv, keep=None, blocks=1, shard="0/1", run=run, **more
    ):
        asked = {name: more.pop(name) for name in ("overwrite", "processes") if name in more}
        analysis = Analysis(bundle, settings or HeatmapSettings(), ResultsFolder(out), **more)
        entries = read_cohort(source)
        mine = [entry for entry in entries if keep is None or entry.slide_id in keep]
        units = Shard.parse(shard).of(units_of(mine, blocks))
        return run(analysis, units, [e.slide_id for e in entries], **asked)

    return run_into


@pytest.fixture(scope="session")
def finished(run_on, tmp_path_factory):
    """The folder of a finished run; tests read it and leave it as it is."""
    out = tmp_path_factory.mktemp("finished")
    run_on(out)
    return out


@pytest.fixture(scope="session")
def patch_folder(tmp_path_factory, cohort_csv):
    """Layer 1's files of `green` and `pink`: four patches each, one rejected at the boundary."""
    folder = tmp_path_factory.mktemp("layer1") / "patches"
    for entry in read_cohort(cohort_csv):
        if entry.slide_id != "glass":
            write_patch_file(folder, open_slide(entry))
    return folder
