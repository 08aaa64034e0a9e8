"""One browser for all tests here; each is skipped, and says why, where there is none."""

from __future__ import annotations

import threading

import pytest
from browser import Browser, chromium
from heatmap_results import write_one_explanation, write_results

from layer3_infer.config import ReportSettings, ViewSettings
from layer3_infer.report import ReportInputs, write_report
from layer3_infer.viewer.serving import server_of
from layer3_infer.viewer.table import SlideTable


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    program = chromium()
    if program is None:
        pytest.skip("no Chromium: see tests/browser/install.sh")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Results of the slide of `heatmap_results`, and of a second one of a hostile name."""
    folder = tmp_path_factory.mktemp("results")
    hostile = "<img src=x onerror=alert(1)>&'\u2028"[:-1] + "%2e #?"
    for name, told in (("green", {"patient": "p1"}), (hostile.strip(), {"patient": "<b>p2"})):
        results = write_results(folder, name, **told)
    write_one_explanation(results)
    return folder


@pytest.fixture(scope="session")
def report(folder):
    """The pages about them."""
    inputs = ReportInputs(out=folder / "pages" / "report.html", annotations=folder / "slides")
    return write_report(folder / "results", ReportSettings(), inputs)


@pytest.fixture(scope="session")
def served(folder):
    """The address they are served at."""
    table = SlideTable.of(folder / "results", folder / "slides", ViewSettings())
    with server_of(table) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        numbers = {result.slide_id: number for number, result in enumerate(table.results)}
        yield f"{server.address}{numbers['green']}/"
        server.shutdown()
        thread.join()
