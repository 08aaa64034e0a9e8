from __future__ import annotations

from fake_hosts import fake_host, only
from tiff_slides import tissue_on_glass, write_slide

from common.doctor.child import Told
from common.model_bundle import Manifest, write_bundle
from layer3_infer.doctor import doctor

WELL = {
    "loaded": {"keras": "3.15", "backend": "jax"},
    "devices": {"devices": ["gpu:0"]},
    "answer": {"answer": 0.5, "expected": 0.5},
}


def test_slides_models_and_a_network_are_looked_at(tmp_path):
    image = tissue_on_glass(256, 256, (0, 0, 99, 99))
    write_slide(tmp_path / "slides" / "a.tif", image, levels=1)
    manifest = Manifest(architecture="small", patch_size=48, patch_mpp=0.5, cam_layer="last")
    write_bundle(tmp_path / "model", manifest, lambda path: path.write_bytes(b"network"), "card")
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
