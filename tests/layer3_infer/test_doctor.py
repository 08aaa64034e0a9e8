from __future__ import annotations

from click.testing import CliRunner
from fake_hosts import fake_host, only

from common.doctor.child import Told
from layer3_infer.cli import cli
from layer3_infer.doctor import doctor

WELL = {
    "loaded": {"keras": "3.15", "backend": "jax"},
    "devices": {"devices": ["gpu:0"]},
    "answer": {"answer": 0.5, "expected": 0.5},
}


def test_slides_models_and_a_network_are_looked_at(tmp_path):
    for name in ("slides/a.svs", "model/bundle.json"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    host = fake_host(tmp_path, HOME=str(tmp_path))
    given = (tmp_path / "slides",), (tmp_path / "model",)

    found = doctor(tmp_path, *given, quick=False, host=host, ask=lambda: Told(WELL)).findings

    for name in ("OpenSlide", "slides", "model", "network", "devices"):
        assert only(found, name).state == "ok"
    assert only(found, "devices").said == "jax uses gpu:0"


def test_a_backend_that_does_not_load_stops_the_work(tmp_path):
    host = fake_host(tmp_path, HOME=str(tmp_path))

    found = doctor(
        tmp_path, (), (), quick=False, host=host, ask=lambda: Told({}, "ended by SIGILL")
    )

    assert found.exit_status == 2
    assert "AVX" in only(found.findings, "network").advice


def test_the_command_tells_at_once_where_the_network_is_left_out(tmp_path):
    lost = tmp_path / "none"

    well = CliRunner().invoke(cli, ["doctor", "--quick", "--out", str(tmp_path)])
    bad = CliRunner().invoke(cli, ["doctor", "--quick", "--model", str(lost)])

    assert well.exit_code == 0, well.output
    assert "network" not in well.stdout
    assert bad.exit_code == 2
    assert f"{lost} is not there" in bad.stdout
