"""Which patients are for training, and which are set aside.

Works on what is known of each patch file, and opens none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ConfigError, ContractError
from layer2_train.config import SplitByPatient, SplitGiven

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

TRAIN: Final = "train"
VALID: Final = "valid"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALID, TEST)
"""The method of sampling of files that `layer2_train.mining` writes."""


@dataclass(frozen=True)
class Source:
    """What splitting needs to know of one patch file.

    Attributes
    ----------
    file : str
        Its name, after that of its folder where there are several.
    slide_id, patient, centre : str
        Patient and centre empty where unknown.
    given : {"", "train", "valid", "test"}
        The split the file names itself.
    fingerprint : str
        Of the slide.
    normal, tumor, unknown : int
        Patches by label.
    config_sha256 : str
        Of the configuration it was extracted with.
    content_sha256 : str
        Of places and labels.
    sampling : str
        The method its patches were chosen by.
    twin : str
        Equal in files that hold the same patches; empty where no other does.
    """

    file: str
    slide_id: str
    patient: str
    centre: str
    given: str
    fingerprint: str
    normal: int
    tumor: int
    unknown: int
    config_sha256: str = ""
    content_sha256: str = ""
    sampling: str = ""
    twin: str = ""

    @property
    def patches(self) -> int:
        """Number of patches."""
        return self.normal + self.tumor + self.unknown

    @property
    def group(self) -> str:
        """Who or what must stay on one side, in words: the patient, else the slide."""
        return f"patient {self.patient}" if self.patient else f"slide {self.slide_id}"


def assign(
    sources: Sequence[Source], settings: SplitByPatient | SplitGiven
) -> dict[str, tuple[int, ...]]:
    """Places in `sources` by split, ``train``, ``valid`` and ``test``; every place is in one.

    What the configuration or the files themselves ask for is done, though it may put a patient on
    two sides: see `leaks`.

    Raises
    ------
    ConfigError
        If a patient that is named is not there, a file names no split where it must, or too few
        patients are left to train.
    """
    if isinstance(settings, SplitGiven):
        split_of = _given(sources)
    else:
        split_of = _by_patient(sources, settings)
    places = {
        split: tuple(place for place, own in enumerate(split_of) if own == split)
        for split in SPLITS
    }
    if not places[TRAIN]:
        raise ConfigError("split: expected patches to train on, found none outside valid and test")
    return places


def leaks(
    sources: Sequence[Source], places: Mapping[str, Sequence[int]]
) -> Iterator[ContractError]:
    """Patients, slides and patches that are in more than one split.

    One error for each patient or slide of an unknown patient, each slide and each set of equal
    patches under several names; it names every file. What an earlier error said is not repeated.
    """
    split_of = {place: split for split, own in places.items() for place in own}
    told: set[frozenset[int]] = set()
    kinds = {
        "": lambda source: source.group,
        "one slide under several names": lambda source: source.fingerprint,
        "the same patches under several names": lambda source: source.twin,
    }
    for kind, key in kinds.items():
        members: dict[str, list[int]] = defaultdict(list)
        for place, source in enumerate(sources):
            members[key(source)].append(place)
        for name, own in sorted(members.items()):
            together = frozenset(own)
            if not name or together in told or len({split_of[place] for place in own}) == 1:
                continue
            told.add(together)
            yield _leak(kind or name, [(split_of[place], sources[place].file) for place in own])


def _leak(what: str, found: Sequence[tuple[str, str]]) -> ContractError:
    files: dict[str, list[str]] = defaultdict(list)
    for split, file in found:
        files[split].append(file)
    said = " and ".join(f"{split} ({', '.join(own)})" for split, own in sorted(files.items()))
    advice = "Put all of it in one split, or leave split.valid and split.test to shares"
    return ContractError(found[0][1], what, "one split", said, advice)


def without_patient(sources: Iterable[Source]) -> list[str]:
    """Slides of an unknown patient: nothing keeps two of one patient from different sides."""
    return sorted({source.slide_id for source in sources if not source.patient})


def _given(sources: Sequence[Source]) -> list[str]:
    unsaid = [source.file for source in sources if source.given not in SPLITS]
    if unsaid:
        raise ConfigError(
            f"split.by: given: expected train, valid or test in the attribute `split` of every "
            f"file, found none in {', '.join(unsaid)}. Import with --split, or split by patient"
        )
    return [source.given for source in sources]


def _by_patient(sources: Sequence[Source], settings: SplitByPatient) -> list[str]:
    asked = {TEST: settings.test, VALID: settings.valid}
    named = _named({s: names for s, names in asked.items() if isinstance(names, tuple)}, sources)
    groups = _groups(sources)
    split_of = [named.get(source.patient, "") for source in sources]
    free = [members for members in groups if not any(split_of[place] for place in members)]
    units = [_unit([sources[place] for place in members]) for members in free]
    shares = {split: share for split, share in asked.items() if isinstance(share, float)}
    quotas = _quotas(shares, total=len(groups), free=len(free))
    for members, split in zip(free, _drawn(units, quotas, settings.seed), strict=True):
        for place in members:
            split_of[place] = split
    return [split or TRAIN for split in split_of]


def _named(asked: Mapping[str, tuple[str, ...]], sources: Sequence[Source]) -> dict[str, str]:
    """Split by patient, of the patients that a configuration names."""
    known = {source.patient for source in sources if source.patient}
    mistakes = []
    for split, names in asked.items():
        for name in names:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                hint = f"Did you mean {close[0]!r}? " if close else ""
                there = ", ".join(sorted(known)) or "none with a known patient"
                mistakes.append(f"split.{split}: no patient {name!r}. {hint}There are: {there}")
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return {name: split for split, names in asked.items() for name in names}


def _groups(sources: Sequence[Source]) -> list[list[int]]:
    """Places to keep together: equal patient, slide, fingerprint or patches, also by chain."""
    root = list(range(len(sources)))
    first: dict[tuple[str, str], int] = {}
    for place, source in enumerate(sources):
        keys = {
            "s": source.slide_id,
            "f": source.fingerprint,
            "p": source.patient,
            "t": source.twin,
        }
        for key in keys.items():
            if key[1]:
                _join(root, first.setdefault(key, place), place)
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(len(sources)):
        members[_root(root, place)].append(place)
    return list(members.values())


def _root(root: list[int], place: int) -> int:
    while root[place] != place:
        place = root[place]
    return place


def _join(root: list[int], one: int, other: int) -> None:
    low, high = sorted((_root(root, one), _root(root, other)))
    root[high] = low


def _quotas(shares: Mapping[str, float], *, total: int, free: int) -> dict[str, int]:
    """How many groups each split gets: its share, at least one, and one is left to train."""
    quotas = {split: max(1, round(share * total)) for split, share in shares.items() if share > 0}
    while sum(quotas.values()) >= free and any(quota > 1 for quota in quotas.values()):
        largest = max(quotas, key=lambda split: quotas[split])
        quotas[largest] -= 1
    if quotas and sum(quotas.values()) >= free:
        raise ConfigError(
            f"split: expected at least {len(quotas) + 1} patients to set aside "
            f"{' and '.join(sorted(quotas))}, found {free}. Set their share to 0, or give more"
        )
    return quotas


@dataclass(frozen=True)
class _Unit:
    """Files that stay together, as drawing sees them: which strata they represent."""

    classes: frozenset[str]
    centres: frozenset[str]

    @property
    def strata(self) -> frozenset[str]:
        return self.classes | self.centres


def _unit(members: Sequence[Source]) -> _Unit:
    classes = {
        name for source in members for name in ("normal", "tumor") if getattr(source, name) > 0
    }
    return _Unit(frozenset(classes), frozenset(f"centre {source.centre}" for source in members))


def _drawn(units: Sequence[_Unit], quotas: Mapping[str, int], seed: int) -> list[str]:
    """A split for each unit, empty for those that are left to train.

    The splits take turns, a unit each; the seed decides among units of equal worth.
    """
    order = np.random.default_rng(seed).permutation(len(units)).tolist()
    totals = Counter(stratum for unit in units for stratum in unit.strata)
    split_of = [""] * len(units)
    for split in _turns(quotas):
        left = [place for place in order if not split_of[place]]
        stays = Counter(stratum for place in left for stratum in units[place].strata)
        there = {
            s for u, own in zip(units, split_of, strict=True) if own == split for s in u.strata
        }
        worths = [_worth(units[place], there, stays, totals) for place in left]
        split_of[left[worths.index(max(worths))]] = split
    return split_of


def _worth(
    unit: _Unit, there: set[str], stays: Mapping[str, int], totals: Mapping[str, int]
) -> tuple[float, ...]:
    """How much a split gains by a unit, the first number that differs deciding.

    Train keeps the last unit of a class; the split gets classes it lacks; train keeps the last
    unit of a centre; the split gets centres it lacks, then those of which most is left.
    """
    last = {stratum for stratum in unit.strata if stays[stratum] == 1}
    return (
        -len(last & unit.classes),
        len(unit.classes - there),
        -len(last & unit.centres),
        len(unit.centres - there),
        sum(stays[centre] / totals[centre] for centre in unit.centres) / len(unit.centres),
    )


def _turns(quotas: Mapping[str, int]) -> list[str]:
    """``{"test": 1, "valid": 2}`` as test, valid, valid."""
    turns = sorted((turn, split) for split, quota in quotas.items() for turn in range(quota))
    return [split for _, split in turns]
