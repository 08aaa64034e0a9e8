from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.parts import parse_part, part_name


@given(st.text(min_size=1), st.integers(0, 99), st.integers(2, 100))
def test_the_name_of_a_part_says_whose_and_which_it_is(slide_id, part, parts):
    slide_id = slide_id.replace("\n", " ")
    assert parse_part(part_name(slide_id, part, parts)) == (slide_id, part, parts)


def test_a_whole_slide_bears_its_own_id():
    assert part_name("a b", 0, 1) == "a b"
    assert parse_part("a b") == ("a b", 0, 1)
    assert parse_part("a.part-x-of-3") == ("a.part-x-of-3", 0, 1)
