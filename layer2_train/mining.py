"""Hard-negative mining: normal patches that a model takes for tumour, to train on again."""

from __future__ import annotations

import csv
import json
import logging
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from common.config import digest
from common.errors import ConfigError, ContractError
from common.files import whole_file, write_text
from common.model_bundle import MANIFEST, Bundle, read_bundle
from common.patch_file import schema
from common.patch_file.folder import FOLDER
from common.patch_file.reader import PatchFile
from common.patch_file.schema import MINED
from common.prediction import Predictor
from common.progress import progress
from common.provenance import run_record
from common.run_folder import claim
from layer2_train.mined_file import Chosen, write_mined
from layer2_train.read_ahead import read_ahead
from layer2_train.splits import TRAIN
from layer2_train.staining import stains_of
from layer2_train.subject import RUN, refuse_other_subject, subject
from layer2_train.survey import survey
from layer2_train.worst import Answered, Worst
from layer2_train.worst_sheet import SHOWN, write_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from layer2_train.settings.mining import MineSettings
    from layer2_train.splits import Source

TABLE: Final = "mined.csv"
SHEET: Final = "worst.png"
_COLUMNS: Final = ("slide_id", "x", "y", "probability")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mined:
    """What a search for hard negatives found.

    Attributes
    ----------
    slides : dict of str to int
        Patches written, by slide.
    left_out : dict of str to str
        Files that were not looked at, and why.
    finished_before : bool
    """

    slides: dict[str, int]
    left_out: dict[str, str]
    finished_before: bool

    @property
    def patches(self) -> int:
        """Number of patches written."""
        return sum(self.slides.values())


def mine(
    model: Path,
    patches: Path | Sequence[Path],
    out: Path,
    settings: MineSettings,
    *,
    overwrite: bool = False,
) -> Mined:
    """Write the normal patches that a bundle is most wrong about as patch files of their own.

    Slides that the model was validated or tested on, or whose patients, are left out: training on
    them would spoil what they are set aside for. So are files that were mined before.

    Parameters
    ----------
    model : Path
        A bundle.
    patches : Path or sequence of Path
        Folders of patch files.
    out : Path
        For ``patches/<slide_id>.h5``, ``worst.png`` and ``mined.csv``, which is written last.
    settings : MineSettings
    overwrite : bool

    Raises
    ------
    ContractError
        If the bundle or patch files cannot be used; of files, with every one that cannot.
    ConfigError
        If no file is left to look at, or `out` holds other results.
    """
    bundle = read_bundle(model)
    spec = bundle.manifest.spec
    found = survey(patches, spec, f"as in {bundle.path / MANIFEST}")
    found.opened()
    left_out = _left_out(bundle, found.sources)
    files = [one for one in found.files if one.source.file not in left_out]
    if not files:
        raise ConfigError(
            f"{model}: expected files of slides it was trained on or does not know, found only "
            f"{_listed(left_out)}. Give patches of other slides"
        )
    _refuse_same_names([one.source for one in files])
    own = subject(bundle.model_sha256, found.sources)
    record = {**run_record("layer2-train mine", digest(settings)), **own}
    _refuse_foreign(out, [one.path for one in found.files], own, overwrite=overwrite)
    if overwrite:
        _clear(out)  # first: results of before must not stand beside the new configuration
    claim(out, settings, overwrite=overwrite)
    if not overwrite and (slides := _finished(out)) is not None:
        return Mined(slides, left_out, finished_before=True)
    _clear(out)
    write_text(out / RUN, json.dumps(record, indent=2) + "\n")
    opened = [PatchFile(one.path) for one in files]
    worst, coords = _placed(opened, _searched(bundle, opened, [f.source for f in files], settings))
    limits = settings.model_dump(mode="json", exclude={"batch_size"})
    sampling = {"method": MINED, "seed": None, **limits, "model_sha256": bundle.model_sha256}
    slides = _write(out, opened, worst, sampling)
    _write_table(out / TABLE, [file.header.slide_id for file in opened], worst, coords)
    return Mined(slides, left_out, finished_before=False)


def _left_out(bundle: Bundle, sources: Sequence[Source]) -> dict[str, str]:
    """Files not to be mined, with the reason."""
    reasons = {}
    for source in sources:
        split = bundle.manifest.split_of(source.fingerprint, source.patient)
        if source.sampling == MINED:
            reasons[source.file] = "mined before"
        elif split not in ("", TRAIN):
            reasons[source.file] = f"in the model's {split} set"
    if reasons:
        log.info("%d files are left out: %s", len(reasons), _listed(reasons))
    return reasons


def _listed(reasons: dict[str, str]) -> str:
    """How many files for which reason."""
    numbers = Counter(reasons.values())
    return ", ".join(f"{number} {reason}" for reason, number in sorted(numbers.items()))


def _refuse_same_names(sources: Sequence[Source]) -> None:
    """Two slides of one name would end in one file."""
    prints: dict[str, set[str]] = {}
    for source in sources:
        prints.setdefault(source.slide_id, set()).add(source.fingerprint)
    if twice := sorted(slide_id for slide_id, own in prints.items() if len(own) > 1):
        raise ConfigError(
            f"--patches: expected one slide under each name, found several called "
            f"{', '.join(twice)}. Mine each folder into a folder of its own"
        )


def _refuse_foreign(
    out: Path, sources: Sequence[Path], own: dict[str, str], *, overwrite: bool
) -> None:
    """Never write where patches are read, nor over results of anything else."""
    inside = (out / FOLDER).resolve()
    if inside in {path.parent.resolve() for path in sources} or any(
        not _is_mined(path) for path in (out / FOLDER).glob(f"*{schema.SUFFIX}")
    ):
        raise ConfigError(
            f"{out}: expected a folder for mined patches, found one with others. Give another --out"
        )
    if not overwrite:
        refuse_other_subject(out, own, "patches mined with this model from these files")


def _is_mined(path: Path) -> bool:
    file = PatchFile(path)
    try:
        return file.header.sampling.get("method") == MINED
    except ContractError:
        return False
    finally:
        file.close()


def _finished(out: Path) -> dict[str, int] | None:
    """Patches by slide of a search that reached its end; None where one is to be done (again)."""
    if not (out / TABLE).exists():
        return None
    with (out / TABLE).open(encoding="utf-8", newline="") as stream:
        slides = dict(Counter(line["slide_id"] for line in csv.DictReader(stream)))
    for slide_id, number in slides.items():
        file = PatchFile(out / FOLDER / f"{slide_id}{schema.SUFFIX}")
        try:
            if len(file) != number:
                return None
        except ContractError as error:
            log.warning("the patches are mined anew: %s", error)
            return None
        finally:
            file.close()
    return slides


def _clear(out: Path) -> None:
    """Remove results of before; `_refuse_foreign` has made sure that they are no one else's."""
    for path in [out / TABLE, out / SHEET, *(out / FOLDER).glob(f"*{schema.SUFFIX}")]:
        path.unlink(missing_ok=True)


def _searched(
    bundle: Bundle, files: Sequence[PatchFile], sources: Sequence[Source], settings: MineSettings
) -> Answered:
    """The worst of all normal patches, each looked at once."""
    slides = {slide_id: n for n, slide_id in enumerate(dict.fromkeys(s.slide_id for s in sources))}
    worst = Worst(settings, np.array([slides[source.slide_id] for source in sources]))
    network, preprocessing = bundle.load_network(), bundle.manifest.preprocessing
    predictor = Predictor(network, preprocessing, settings.batch_size)
    batches = _normal_batches(files, stains_of(files, preprocessing), settings.batch_size)
    total = sum(source.normal for source in sources)
    with read_ahead(batches) as ahead, progress(None, "mine", total=total, unit="patch") as bar:
        for number, rows, pixels in ahead:
            of = np.full(len(rows), number, np.int64)
            worst.add(Answered(predictor(pixels), of, rows))
            bar.update(len(rows))
    return worst.found()


def _normal_batches(
    files: Sequence[PatchFile], stains: Sequence[Any], size: int
) -> Iterator[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.uint8]]]:
    """File, rows and pixels of patches labelled normal; no file is open for longer than needed."""
    for number, (stored, stain) in enumerate(zip(files, stains, strict=True)):
        file = PatchFile(stored.path)
        rows = np.flatnonzero(file.labels == schema.NORMAL)
        for start in range(0, len(rows), size):
            own = rows[start : start + size]
            yield number, own, stain(file.read(own))
        file.close()


def _write(
    out: Path, files: Sequence[PatchFile], worst: Answered, sampling: dict[str, Any]
) -> dict[str, int]:
    """Patch files by slide, with the number of patches in each, and the sheet."""
    by_slide: dict[str, list[int]] = {}
    for number in np.unique(worst.file).tolist():
        by_slide.setdefault(files[number].header.slide_id, []).append(number)
    slides = {}
    for slide_id, numbers in sorted(by_slide.items()):
        own = np.flatnonzero(np.isin(worst.file, numbers))
        place = np.searchsorted(numbers, worst.file[own])
        parts = tuple(PatchFile(files[number].path) for number in numbers)
        write_mined(out / FOLDER, Chosen(parts, place, worst.row[own]), sampling)
        slides[slide_id] = len(own)
    if len(worst):
        write_sheet(out / SHEET, _shown(files, worst))
    return slides


def _shown(
    files: Sequence[PatchFile], worst: Answered
) -> Iterator[tuple[npt.NDArray[np.uint8], float]]:
    for number, row, probability in zip(
        worst.file[:SHOWN], worst.row[:SHOWN], worst.probability[:SHOWN], strict=True
    ):
        file = PatchFile(files[number].path)
        yield file.read([int(row)])[0], float(probability)
        file.close()


def _placed(files: Sequence[PatchFile], worst: Answered) -> tuple[Answered, npt.NDArray[np.int64]]:
    """The patches and their places, (N, 2) int64, level-0 px.

    A place that several files of a slide hold is there once; patches without a place all are.
    """
    coords = np.empty((len(worst), 2), np.int64)
    for number in np.unique(worst.file).tolist():
        own = worst.file == number
        with closing(PatchFile(files[number].path)) as file:
            coords[own] = file.coords[worst.row[own]]
    seen: set[tuple[Any, ...]] = set()
    new = np.ones(len(worst), dtype=bool)
    for at, number in enumerate(worst.file.tolist()):
        header = files[number].header
        key = (header.slide_id, *coords[at].tolist())
        new[at] = not header.placed or key not in seen
        seen.add(key)
    return worst.taken(new), coords[new]


def _write_table(
    path: Path, slide_ids: Sequence[str], worst: Answered, coords: npt.NDArray[np.int64]
) -> None:
    """One line per patch, worst first: slide, place in level-0 px, probability of tumour."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for number, (x, y), value in zip(
            worst.file.tolist(), coords.tolist(), worst.probability.tolist(), strict=True
        ):
            writer.writerow([slide_ids[number], x, y, f"{value:.9g}"])
