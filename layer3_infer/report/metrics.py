"""The comparison with annotations, as rows for a person. Any part of it may be absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from layer3_infer.viewer.templates import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOLD_APART: Final = frozenset(
    {
        "model_sha256", "config_sha256", "left_out", "without_heatmap", "trained_on", "settings",
        "software", "exit_status", "intervals_over", "by_slide", "by_patient", "without_answer",
        "said_by", "detections",
    }
)  # fmt: skip
"""Parts that are no numbers, are told elsewhere on the page, or hold one number per slide."""

_TITLES: Final = {"auc": "AUC", "froc": "FROC", "kappa": "quadratic kappa", "tumor": "tumour"}
_RATES: Final = ("froc", "sensitivity")
_MOST_ROWS: Final = 60


@dataclass(frozen=True)
class Row:
    """One number.

    Attributes
    ----------
    name, value, interval : str
        The last is empty where there is none.
    """

    name: str
    value: str
    interval: str = ""


def metric_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    """Every number, those with an interval before the counts of their kind.

    Examples
    --------
    >>> metric_rows({"patches": {"auc": {"value": 0.9, "low": 0.8, "high": 1.0}, "tumor": 3}})
    [Row(name='patches: AUC', value='0.900', interval='0.800 to 1.000'), \
Row(name='patches: tumour', value='3', interval='')]
    """
    return list(_rows(evaluation, ()))[:_MOST_ROWS]


def metric_line(metrics: Mapping[str, Any]) -> str:
    """The numbers of one split in a line.

    Examples
    --------
    >>> metric_line({"n": 8, "auc": {"value": 0.9, "low": 0.8, "high": 1.0}, "threshold": 0.5})
    'n 8; auc 0.900 (0.800 to 1.000)'
    """
    parts = [f"n {metrics['n']}"] if "n" in metrics else []
    for name, metric in metrics.items():
        if _is_metric(metric) and metric["value"] is not None:
            interval = _interval(metric)
            parts.append(f"{name} {number(metric['value'])}{interval and f' ({interval})'}")
    return "; ".join(parts)


def _rows(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Row]:
    for key, value in values.items():
        inner = (*path, key)
        if key in _TOLD_APART:
            continue
        if _is_metric(value):
            yield Row(_name(inner), _shown(value["value"]), _interval(value) or "not defined")
        elif isinstance(value, dict):
            yield from _rows(value, inner)
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            yield Row(_name(inner), _shown(value))


def _is_metric(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value


def _interval(metric: Mapping[str, Any]) -> str:
    low, high = metric.get("low"), metric.get("high")
    if low is None or high is None:
        return str(metric.get("reason") or "")
    return f"{number(low)} to {number(high)}"


def _shown(value: Any) -> str:
    return number(value) if value is None or isinstance(value, float) else str(value)


def _name(path: tuple[str, ...]) -> str:
    if path[:2] == _RATES and len(path) > len(_RATES):
        return f"FROC: sensitivity at {path[-1]} false positives per slide"
    words = [_TITLES.get(part, part.replace("_", " ")) for part in path]
    return ": ".join(words)
