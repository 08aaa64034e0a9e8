"""What `layer3-infer report` says when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.cli import Result

if TYPE_CHECKING:
    from layer3_infer.report.writing import Report


def of_report(report: Report) -> Result:
    """Where the pages are, and how large."""
    size = report.page.stat().st_size
    each = [path.stat().st_size for path in report.slides]
    text = (
        f"{report.page} ({_mb(size)}), and {len(each)} page{'' if len(each) == 1 else 's'} of "
        f"slides ({_mb(sum(each))}) in {report.page.with_suffix('')}"
    )
    data = {
        "report": str(report.page),
        "bytes": size,
        "slides": [str(path) for path in report.slides],
    }
    return Result(text, data)


def _mb(size: int) -> str:
    return f"{max(size / 1e6, 0.1):.1f} MB"
