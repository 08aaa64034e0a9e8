from __future__ import annotations

from layer3_infer.report.said import of_report
from layer3_infer.report.writing import Report


def test_says_where_the_pages_are_and_how_large(tmp_path):
    (tmp_path / "report").mkdir()
    page, slide = tmp_path / "report.html", tmp_path / "report" / "a.html"
    page.write_bytes(bytes(2_000_000))
    slide.write_bytes(bytes(1_500_000))

    result = of_report(Report(page, (slide,)))

    assert result.text == f"{page} (2.0 MB), and 1 page of slides (1.5 MB) in {tmp_path}/report"
    assert result.data == {"report": str(page), "bytes": 2_000_000, "slides": [str(slide)]}
