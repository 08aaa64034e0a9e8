from __future__ import annotations

import pytest
from fake_hosts import fake_host, only, states

from common.doctor.child import Told
from common.doctor.network import ask, look

LOADED = {"step": "loaded", "keras": "3.15", "backend": "tensorflow"}
CPU = {"step": "devices", "devices": ["cpu:0"]}
RIGHT = {"step": "answer", "answer": 0.6, "expected": 0.6000001}
WELL = {"loaded": LOADED, "devices": CPU, "answer": RIGHT}
GPU = {"/dev/nvidia0": ""}


def test_a_network_that_answers_rightly_is_well(tmp_path):
    found = look(fake_host(tmp_path), Told(WELL), "train")

    assert states(found) == [("network", "ok"), ("devices", "ok")]
    assert only(found, "devices").said == "tensorflow uses cpu:0"


@pytest.mark.parametrize(
    ("told", "said", "advice"),
    [
        (Told({}, "ModuleNotFoundError: No module named 'keras'"), "'keras'", "camnet[train]"),
        (Told({}, "ended by SIGILL"), "SIGILL", "AVX"),
        (Told({}, "ended by SIGKILL"), "SIGKILL", "memory"),
        (Told({}, "no end within 180 s", timed_out=True), "no end", "CUDA_VISIBLE_DEVICES"),
        (Told({"loaded": LOADED}, "ended by SIGSEGV"), "gives no answer", "camnet[train]"),
        (Told(WELL | {"answer": RIGHT | {"answer": 0.7}}), "answers 0.7 where", "report"),
        (Told(WELL | {"answer": RIGHT | {"answer": float("nan")}}), "answers nan", "report"),
    ],
)
def test_one_that_does_not_is_told_with_what_to_do(tmp_path, told, said, advice):
    (found,) = look(fake_host(tmp_path), told, "train")

    assert found.state == "failed"
    assert said in found.said
    assert advice in found.advice


def test_a_gpu_that_the_backend_does_not_use_is_told(tmp_path):
    host = fake_host(tmp_path, GPU)
    used = WELL | {"devices": {"step": "devices", "devices": ["gpu:0"]}}

    assert only(look(host, Told(WELL), "infer"), "devices").state == "warning"
    assert only(look(host, Told(used), "infer"), "devices").state == "ok"


def test_a_backend_that_does_not_load_ends_the_process_that_asks_it_alone(monkeypatch, tmp_path):
    """Whatever lies in the current folder: the commands do not take it for a library either."""
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    (tmp_path / "keras.py").write_text("raise ImportError('of the user')")
    monkeypatch.chdir(tmp_path)

    (found,) = look(fake_host(tmp_path), ask(), "train")

    assert found.state == "failed"
    assert "abacus" in found.said
