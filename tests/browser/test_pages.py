"""The pages in a real browser: all is shown where it belongs, and nothing is asked elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from heatmap_results import GLASS, GREEN, PINK, TISSUE, TUMOUR

from layer3_infer.blending import colours

WIDE, NARROW = (1280, 900), (390, 800)
LINKS = "[...document.querySelectorAll('#slides td a')]"
FRAME = "document.querySelector('#').getBoundingClientRect()"


def laid_over(colour, probability, opacity=1.0):
    red, green, blue, alpha = colours(np.array(probability))
    share = alpha * opacity
    return np.array(colour) * (1 - share) + 255 * np.array([red, green, blue]) * share


TUMOUR_SEEN, TISSUE_SEEN = laid_over(GREEN, 1.0), laid_over(PINK, 0.0)


@pytest.fixture
def green(report):
    (path,) = [path for path in report.slides if path.stem == "green"]
    return path.as_uri()


@pytest.fixture(params=["static", "served"])
def page(request, browser, green):
    """The page of a slide, with nothing drawn over the heatmap."""
    browser.open(green if request.param == "static" else request.getfixturevalue("served"), *WIDE)
    browser.drawn()
    hide(browser, "annotations", "regions", "places", "explanations")
    browser.run("document.getElementById('stage').focus()")
    return browser


def hide(browser, *layers):
    for layer in layers:
        browser.run(f"document.querySelector('input[data-layer={layer}]')?.click()")
    browser.drawn()


def seen(browser, *places):
    """Colours at places of the slide, level-0 px."""
    browser.drawn()
    x, y, scale = map(float, browser.run("viewer.dataset.view").split())
    frame = browser.run(f"(r => [r.x, r.y])({FRAME})".replace("#", "canvas.slide"))
    picture = browser.picture()
    return [
        picture[round(frame[1] + (py - y) * scale), round(frame[0] + (px - x) * scale)].astype(int)
        for px, py in places
    ]


def alike(colour, other, most=14):
    return np.abs(np.asarray(colour) - np.asarray(other)).max() <= most


def around(box, by):
    """Points just inside and just outside the four sides of a box, level-0 px."""
    left, top, right, bottom = box
    x, y = (left + right) / 2, (top + bottom) / 2
    inside = [(left + by, y), (right - by, y), (x, top + by), (x, bottom - by)]
    outside = [(left - by, y), (right + by, y), (x, top - by), (x, bottom + by)]
    return inside, outside


def test_no_script_fails_and_nothing_is_asked_elsewhere(browser, report):
    for path in (report.page, *report.slides):
        for size in (WIDE, NARROW):
            browser.open(path.as_uri(), *size)
            assert browser.run("document.documentElement.dataset.scripts") == "done"
            assert browser.problems == []
            asked = {address for address in browser.requests if not address.startswith("data:")}
            assert asked == {path.as_uri()}
            assert browser.run("document.documentElement.scrollWidth") <= size[0]


def test_a_script_that_is_not_ours_does_not_run(browser, green):
    browser.open(green, *WIDE)

    browser.run(
        "document.body.append(Object.assign(document.createElement('script'),"
        "{textContent: 'document.body.dataset.ran = 1'}))"
    )

    assert browser.run("document.body.dataset.ran") is None
    assert any("Content Security Policy" in problem for problem in browser.problems)


def test_a_hostile_name_is_text(browser, report):
    browser.open(report.page.as_uri(), *WIDE)

    names = browser.run(f"{LINKS}.map(a => a.textContent)")
    assert any(name.startswith("<img src=x onerror") for name in names)
    address = browser.run(f"{LINKS}.find(a => a.textContent.startsWith('<')).href")
    browser.open(address, *WIDE)
    browser.drawn()
    assert browser.run("document.querySelector('h1').textContent").startswith("<img src=x onerror")


@pytest.mark.parametrize("zooms", [0, 1, 3])
def test_slide_and_heatmap_lie_on_each_other_at_every_zoom(page, zooms):
    if zooms:
        page.run("document.querySelector('button[data-x]')?.click()")
        page.press("0")
        for _ in range(zooms):
            page.press("+")
    page.drawn()
    by = 6 / float(page.run("viewer.dataset.view").split()[2])

    inside, outside = around(TUMOUR, by)
    assert all(alike(colour, TUMOUR_SEEN) for colour in seen(page, *inside))
    assert all(alike(colour, TISSUE_SEEN) for colour in seen(page, *outside))
    if not zooms:
        inside, outside = around(TISSUE, by)
        assert all(alike(colour, TISSUE_SEEN) for colour in seen(page, *inside))
        assert all(alike(colour, GLASS) for colour in seen(page, *outside))


def test_the_slider_changes_how_much_of_the_slide_is_seen(page):
    place = ((TUMOUR[0] + TUMOUR[2]) / 2, (TUMOUR[1] + TUMOUR[3]) / 2)

    for value in (0, 50, 100):
        page.run(
            f"opacity.value = {value}; opacity.dispatchEvent(new Event('input', {{bubbles: true}}))"
        )
        assert alike(seen(page, place)[0], laid_over(GREEN, 1.0, value / 100))


def test_keys_move_zoom_and_turn_the_heatmap_off(page):
    before = list(map(float, page.run("viewer.dataset.view").split()))

    page.press("+")
    page.press("ArrowRight")
    page.press("ArrowDown")
    page.press("h")
    page.drawn()

    after = list(map(float, page.run("viewer.dataset.view").split()))
    assert after[2] == pytest.approx(1.4 * before[2])
    place = ((TUMOUR[0] + TUMOUR[2]) / 2, (TUMOUR[1] + TUMOUR[3]) / 2)
    assert alike(seen(page, place)[0], GREEN)
    page.press("0")
    page.drawn()
    assert list(map(float, page.run("viewer.dataset.view").split())) == pytest.approx(before)


def test_two_fingers_zoom_and_one_moves(page):
    middle = page.run(
        "(r => [r.x + r.width / 2, r.y + r.height / 2])(stage.getBoundingClientRect())"
    )

    def touch(kind, *fingers):
        points = [
            {"x": middle[0] + dx, "y": middle[1] + dy, "id": i}
            for i, (dx, dy) in enumerate(fingers)
        ]
        page.ask("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    def view():
        page.drawn()
        return list(map(float, page.run("viewer.dataset.view").split()))

    page.press("+")
    page.press("+")
    start = view()
    touch("touchStart", (-50, 0), (50, 0))
    touch("touchMove", (-100, 0), (100, 0))
    touch("touchEnd")
    pinched = view()
    assert pinched[2] == pytest.approx(2 * start[2], rel=0.02)
    touch("touchStart", (0, 0))
    touch("touchMove", (-60, 0))
    touch("touchEnd")
    assert (view()[0] - pinched[0]) * pinched[2] == pytest.approx(60, abs=2)


def test_a_button_shows_its_place_and_an_explanation_lies_there(browser, folder, report, green):
    browser.open(green, *WIDE)
    browser.drawn()
    browser.run("document.querySelector('button[data-x=\"1200\"]').click()")
    browser.drawn()

    x, y, scale = map(float, browser.run("viewer.dataset.view").split())
    width, height = browser.run("[stage.clientWidth, stage.clientHeight]")
    assert x < 1200 < 1300 < x + width / scale
    assert y < 700 < 800 < y + height / scale
    assert browser.run("document.querySelectorAll('.pin').length") >= 6


def test_annotations_and_regions_are_drawn_at_their_places(browser, green):
    browser.open(green, *WIDE)
    browser.drawn()
    hide(browser, "regions", "places", "explanations")

    left, top, right, bottom = TUMOUR
    on_line = [(left, (top + bottom) / 2), (right, (top + bottom) / 2)]
    assert all(alike(colour, (230, 0, 126), 40) for colour in seen(browser, *on_line))


def test_the_table_is_sorted_and_narrowed(browser, report):
    browser.open(report.page.as_uri(), *WIDE)
    names = f"{LINKS}.filter(a => !a.closest('[hidden]') && a.textContent).map(a => a.textContent)"
    first = browser.run(names)

    browser.run("document.querySelector('#slides th:nth-child(2) button').click()")
    up = browser.run(names)
    browser.run("document.querySelector('#slides th:nth-child(2) button').click()")
    assert browser.run(names) == up[::-1]
    assert sorted(up) == sorted(first)
    sort = browser.run(
        "document.querySelector('#slides th:nth-child(2)').getAttribute('aria-sort')"
    )
    assert sort == "descending"

    browser.run("words.value = 'GREEN p1'; words.dispatchEvent(new Event('input'))")
    assert browser.run(names) == ["green"]
    assert browser.run("count.textContent") == "1 of 2 slides"


def test_without_scripts_the_slide_is_seen_with_its_heatmap(browser, green):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.ask("Page.navigate", url=green)
        browser.until("document.readyState === 'complete'")
        frame = browser.run(
            f"(r => [r.x, r.y, r.width / 3000])({FRAME})".replace("#", "#slide-picture")
        )
        picture = browser.picture(whole=True).astype(int)
        x, y = (round(frame[i] + place * frame[2]) for i, place in enumerate((1500, 900)))
        assert alike(picture[y, x], TUMOUR_SEEN)
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)


def test_what_is_served_comes_from_the_server_alone(browser, served):
    browser.open(served, *WIDE)
    browser.drawn()

    assert browser.problems == []
    home = served.rsplit("/", 2)[0]
    asked = [address for address in browser.requests if not address.startswith("data:")]
    assert all(address.startswith(f"{home}/") for address in asked)
    assert any("slide_files/" in address for address in asked)
