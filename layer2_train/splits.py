"""Which patients are for training, and which are set aside.

Works on what is known of each patch file, and opens none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from common.errors import ConfigError
from layer2_train.config import SplitByPatient, SplitGiven

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TRAIN: Final = "train"
VALID: Final = "valid"
TEST: Final = "test"
SPLITS: Final = (TRAIN, VALID, TEST)


@dataclass(frozen=True)
class Source:
    """What splitting needs to know of one patch file.

    Attributes
    ----------
    file : str
        Its name.
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

    @property
    def group(self) -> str:
        """Who or what must stay on one side, in words: the patient, else the slide."""
        return f"patient {self.patient}" if self.patient else f"slide {self.slide_id}"


def assign(
    sources: Sequence[Source], settings: SplitByPatient | SplitGiven
) -> dict[str, tuple[int, ...]]:
    """Places in `sources` by split, ``train``, ``valid`` and ``test``; every place is in one.

    Raises
    ------
    ConfigError
        If a patient that is named is not there, a patient or a slide would be on two sides, a
        file names no split where it must, or too few patients are left to train.
    """
    if isinstance(settings, SplitGiven):
        split_of = _given(sources)
    else:
        split_of = _by_patient(sources, settings)
    _refuse_leaks(sources, split_of)
    places = {
        split: tuple(place for place, own in enumerate(split_of) if own == split)
        for split in SPLITS
    }
    if not places[TRAIN]:
        raise ConfigError("split: expected patches to train on, found none outside valid and test")
    return places


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
    """Places that must stay together: equal patient, slide or fingerprint, directly or by chain."""
    root = list(range(len(sources)))
    first: dict[tuple[str, str], int] = {}
    for place, source in enumerate(sources):
        keys = {"s": source.slide_id, "f": source.fingerprint, "p": source.patient}
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


def _refuse_leaks(sources: Sequence[Source], split_of: Sequence[str]) -> None:
    sides: dict[str, set[str]] = defaultdict(set)
    for source, split in zip(sources, split_of, strict=True):
        sides[source.group].add(split)
    twins: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for source, split in zip(sources, split_of, strict=True):
        if source.fingerprint:
            twins[source.fingerprint].append((split, source.file))
    mistakes = [
        f"{group}: expected one split, found {' and '.join(sorted(found))}"
        for group, found in sorted(sides.items())
        if len(found) > 1
    ]
    for found in twins.values():
        if len({split for split, _ in found}) > 1:
            said = ", ".join(f"{file} in {split}" for split, file in sorted(found))
            mistakes.append(f"one slide under several names: expected one split, found {said}")
    if mistakes:
        raise ConfigError("split: " + "\nsplit: ".join(mistakes))
