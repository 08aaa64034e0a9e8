from __future__ import annotations

from common.staging import FileSet, forecast, forecast_slides


def test_says_what_would_be_copied_and_what_not(tmp_path):
    (tmp_path / "a.svs").write_bytes(bytes(3_000_000))
    (tmp_path / "b.svs").write_bytes(bytes(1_000_000))
    slides = [tmp_path / name for name in ("a.svs", "a.svs", "b.svs", "gone.svs")]

    found = forecast_slides(tmp_path, slides)

    assert (found.copied, found.size, found.largest) == (2, 4_000_000, 3_000_000)
    assert found.free is not None
    assert "2 slides, 0.0 GB in all" in found.text("slides")
    assert f"in place  {tmp_path / 'gone.svs'}: it is no file" in found.text("slides")
    assert found.data["folder"] == str(tmp_path)


def test_a_folder_of_another_machine_is_said_to_be_one(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"a")

    found = forecast(tmp_path / "none", {tmp_path / "a.h5": FileSet.of(tmp_path / "a.h5")})

    assert "not on this machine" in found.text("patch files")
