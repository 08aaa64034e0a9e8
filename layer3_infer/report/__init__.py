"""Pages for a pathologist: one about a folder of results, and one about each slide in it."""

from __future__ import annotations

from layer3_infer.report.writing import ReportInputs, write_report

__all__ = ["ReportInputs", "write_report"]
