"""Groups of patches that an epoch shows in the shares asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from common.patch_file import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layer2_train.settings.data import BalanceSettings


@dataclass(frozen=True)
class Stratum:
    """Patches that stand for one another.

    Attributes
    ----------
    name : str
        For people, after a number.
    count : int
        How many there are.
    quota : int
        How many of them an epoch shows, over all ranks.
    """

    name: str
    count: int
    quota: int


def strata(counts: Mapping[tuple[int, str], int], balance: BalanceSettings) -> tuple[Stratum, ...]:
    """The strata of a dataset; an epoch shows as many patches as there are.

    Parameters
    ----------
    counts : mapping from (label, centre) to int
        By label, then by centre; the strata keep this order.
    balance : BalanceSettings

    Returns
    -------
    tuple of Stratum
        One that holds everything, where all is to stay as it is.
    """
    counts = {key: count for key, count in counts.items() if count}
    by_label: dict[int, dict[str, int]] = defaultdict(dict)
    for (label, centre), count in counts.items():
        by_label[label][centre] = count
    total = sum(counts.values())
    if balance.classes == balance.centres == "natural":
        return (Stratum("patches", total, total),)
    quotas = _class_quotas({label: sum(own.values()) for label, own in by_label.items()}, balance)
    found = []
    for (label, own), quota in zip(by_label.items(), quotas, strict=True):
        name = f"{schema.LABEL_NAMES[label]} patches"
        if balance.centres == "natural":
            found.append(Stratum(name, sum(own.values()), quota))
            continue
        for (centre, count), part in zip(
            own.items(), split_by_weight(quota, [1] * len(own)), strict=True
        ):
            found.append(Stratum(f"{name} of centre {centre or 'not known'}", count, part))
    return tuple(found)


def split_by_weight(total: int, weights: Sequence[float]) -> list[int]:
    """`total` in whole parts that are to one another as `weights`, give or take 1.

    Examples
    --------
    >>> split_by_weight(10, [1, 1, 2])
    [2, 3, 5]
    """
    if not weights:
        return []
    ends = np.rint(total * np.cumsum([0.0, *weights]) / sum(weights))
    return np.diff(ends).astype(int).tolist()


def _class_quotas(counts: Mapping[int, int], balance: BalanceSettings) -> list[int]:
    if balance.classes == "natural":
        return list(counts.values())
    if balance.classes == "balanced":
        weights = {schema.NORMAL: 1.0, schema.TUMOR: 1.0}
    else:
        weights = {schema.NORMAL: balance.classes.normal, schema.TUMOR: balance.classes.tumor}
    return split_by_weight(sum(counts.values()), [weights[label] for label in counts])
