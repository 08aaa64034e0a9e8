from __future__ import annotations

import json

import pytest

from common.errors import ConfigError
from layer2_train.splits import Source
from layer2_train.subject import RUN, refuse_other_subject, subject

ONE = Source("a.h5", "a", "p", "0", "", "f", 1, 1, 0, content_sha256="c")
OTHER = Source("b.h5", "b", "q", "0", "", "g", 1, 1, 0, content_sha256="c")


def test_a_subject_is_the_same_in_any_order_and_from_any_folder():
    moved = [Source(f"folder/{s.file}", *list(vars(s).values())[1:]) for s in (OTHER, ONE)]

    assert subject("m", moved) == subject("m", [ONE, OTHER])
    assert subject("m", [ONE]) != subject("m", [ONE, OTHER])
    assert subject("n", [ONE]) != subject("m", [ONE])


def test_an_empty_folder_and_results_of_the_same_are_let_pass(tmp_path):
    refuse_other_subject(tmp_path, subject("m", [ONE]), "results of this")
    (tmp_path / RUN).write_text(json.dumps({"n": 3, **subject("m", [ONE])}))

    refuse_other_subject(tmp_path, subject("m", [ONE]), "results of this")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json.dumps(subject("other", [ONE])), "results of this, found another model_sha256. Give"),
        (json.dumps(subject("m", [OTHER])), "results of this, found another patches_sha256. Give"),
        ("{}", "another model_sha256 and patches_sha256"),
        ("[1]", "another model_sha256 and patches_sha256"),
        ("{half", "run.json: expected JSON"),
    ],
)
def test_results_of_anything_else_are_refused(tmp_path, text, message):
    (tmp_path / RUN).write_text(text)

    with pytest.raises(ConfigError, match=message):
        refuse_other_subject(tmp_path, subject("m", [ONE]), "results of this")
