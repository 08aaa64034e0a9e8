from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from common import provenance
from common.provenance import log_head, run_record, software


def test_software_has_a_name_and_a_version():
    assert software().startswith("camnet ")


def test_an_image_tells_the_commit_it_was_built_from(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "common" / "provenance.py"))
    monkeypatch.setenv("CAMNET_COMMIT", "1a2b3c4-dirty")

    assert software.__wrapped__().endswith("(1a2b3c4-dirty)")


def test_a_checkout_knows_its_commit_better_than_the_environment(monkeypatch, tmp_path):
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "common" / "provenance.py"))
    monkeypatch.setenv("CAMNET_COMMIT", "1a2b3c4")

    assert "1a2b3c4" not in software.__wrapped__()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_checkout_is_looked_at_without_being_written_to(monkeypatch, tmp_path):
    def git(*words):
        as_somebody = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(tmp_path), *as_somebody, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    file, index = tmp_path / "common" / "provenance.py", tmp_path / ".git" / "index"
    file.parent.mkdir()
    file.write_text("first")
    git("init", "--quiet")
    git("add", "common")
    git("commit", "--quiet", "--message=first")
    monkeypatch.setattr(provenance, "__file__", str(file))
    commit, before = git("rev-parse", "--short", "HEAD"), index.read_bytes()

    file.write_text("first")  # the same at another time, which git would like to note
    assert software.__wrapped__().endswith(f"({commit})")
    file.write_text("second")
    assert software.__wrapped__().endswith(f"({commit}-dirty)")
    assert index.read_bytes() == before


def test_the_first_line_of_a_log_says_where_and_with_what(monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "42")

    line = log_head("abcdef0123456789")

    assert "host=" in line
    assert "job=42" in line
    assert software() in line
    assert "config=abcdef012345" in line
    assert "\n" not in line


def test_a_run_record_is_plain_json():
    record = json.loads(json.dumps(run_record("train", "abc")))

    assert record["command"] == "train"
    assert record["config_sha256"] == "abc"
    assert record["started"].endswith("+00:00")


def test_a_task_of_an_array_is_told_as_users_know_it(monkeypatch):
    for name, value in {"JOB_ID": "123", "ARRAY_JOB_ID": "120", "ARRAY_TASK_ID": "3"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)

    assert "job=123 (=120_3) task=3 " in log_head()


def test_ranks_are_told_whoever_started_them(monkeypatch):
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    monkeypatch.setenv("HOROVOD_SIZE", "4")
    monkeypatch.setenv("HOROVOD_RANK", "2")

    assert " rank=2 " in log_head()
