from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

import pytest
from typed_commands import typed

from layer3_infer.cli import cli

invoke = partial(typed, cli)
HEAVY = ("numpy", "keras", "tensorflow", "matplotlib", "pydantic", "h5py", "cv2", "shapely")
VERBS = (
    "check concepts doctor evaluate explain heatmap merge plan report slide-model status suggest "
    "view"
)


def test_the_four_commands_follow_one_another(cohort_csv, bundle_path, patch_folder, tmp_path):
    out = tmp_path / "out"
    steps = [
        ("heatmap", cohort_csv, "--model", bundle_path, "--out", out, "--json"),
        ("explain", "--model", bundle_path, "--patches", patch_folder.parent, "--method",
         "grad_cam", "--out", out / "explanations", "--top", 2, "--slide", "green", "--json"),
        ("evaluate", out, "--annotations", cohort_csv, "--set", "replicates=20", "--json"),
        ("report", out, "--json"),
    ]  # fmt: skip

    said = [invoke(*step) for step in steps]

    assert [result.exit_code for result in said] == [0, 0, 0, 0], [r.output for r in said]
    data = [json.loads(result.stdout) for result in said]
    assert [slide["status"] for slide in data[0]["slides"]] == ["empty", "done", "done"]
    assert data[1]["slides"][0]["counts"] == {"explained": 2}
    assert data[2]["patches"]["auc"]["value"] == 1.0
    assert data[3]["bytes"] == (out / "report.html").stat().st_size


@pytest.mark.parametrize(
    "verb", ["check", "suggest", "heatmap", "explain", "evaluate", "report", "view"]
)
def test_help_answers_without_heavy_imports(verb):
    code = (
        "import sys\n"
        "from layer3_infer.cli import cli\n"
        f"cli.main([{verb!r}, '--help'], standalone_mode=False)\n"
        f"print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
    assert "Usage" in done.stdout


def test_the_program_has_the_verbs_of_every_module():
    assert sorted(cli.commands) == VERBS.split()
