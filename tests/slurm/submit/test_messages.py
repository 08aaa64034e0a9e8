"""Words that submit.sh prints for someone to type."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from login_node import SUBMIT

SHOW = 'source "$0" && show "$@"'


def shown(*words):
    messages = SUBMIT.parent / "submit" / "messages.sh"
    done = subprocess.run(
        ["bash", "-c", SHOW, messages, *words], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("word", ["a b", "it's", "", "$HOME", "a;b", "*", "~", 'say "a"', "a\\b"])
def test_a_word_can_be_typed_as_it_is_shown(word):
    assert shlex.split(shown("sbatch", word)) == ["sbatch", word]


@pytest.mark.parametrize("word", ["--array=3,17-19%8", "/a/b_c-d.csv", "me@site:/x", "-x+"])
def test_a_word_that_a_shell_takes_as_it_is_is_left_so(word):
    assert shown(word) == f"{word}\n"
