from __future__ import annotations

import click
import pytest

from layer3_infer.place import PLACE


def test_a_place_is_two_whole_numbers():
    assert PLACE.convert("1200, 840") == (1200, 840)
    assert PLACE.convert("-3,0") == (-3, 0)


@pytest.mark.parametrize("text", ["12", "1,2,3", "1.5,2", "a,b", ""])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(click.BadParameter, match="expected X,Y in level-0 px such as 1200,840"):
        PLACE.convert(text)
