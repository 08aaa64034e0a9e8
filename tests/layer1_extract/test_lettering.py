from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from layer1_extract.lettering import shortened, wrapped

FONT = ImageFont.load_default(size=12)
texts = st.text(st.sampled_from("abc WM_-"), max_size=60)


@given(text=texts, width=st.integers(40, 300))
def test_lines_fit_and_keep_every_word_that_fits(text, width):
    lines = wrapped(text, width, FONT)

    assert all(FONT.getlength(line) <= width for line in lines)
    if all(FONT.getlength(word) <= width for word in text.split()):
        assert " ".join(lines).split() == text.split()


@given(text=texts, width=st.integers(40, 300))
def test_a_shortened_text_fits_and_keeps_both_ends(text, width):
    short = shortened(text, width, FONT)

    assert FONT.getlength(short) <= width
    if short != text:
        start, end = short.split("...")
        assert text.startswith(start)
        assert text.endswith(end)


@pytest.mark.parametrize("text", ["", "   "])
def test_no_text_is_one_empty_line(text):
    assert wrapped(text, 100, FONT) == [""]
