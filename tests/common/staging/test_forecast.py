from __future__ import annotations

from common.staging import FileSet, forecast, forecast_slides


def test_says_what_would_be_copied_and_what_not(tmp_path):
    (tmp_path / "a.svs").write_bytes(bytes(3_000_000))
    (tmp_path / "b.svs").write_bytes(bytes(1_000_000))
    slides = [tmp_path / name for name in ("a.svs", "a.svs", "b.svs", "gone.svs")]

    found = forecast_slides(tmp_path, slides)

    assert (found.copied, found.size, found.largest) == (2, 4_000_000, 3_000_000)
    assert found.free is not None
    assert "2 slides, 4 MB in all, 3 MB the largest" in found.text("slides")
    assert f"in place  {tmp_path / 'gone.svs'}: it is no file" in found.text("slides")
    assert found.data["folder"] == str(tmp_path)


def test_says_how_much_lies_there_at_a_time(tmp_path):
    for number in range(1, 5):
        (tmp_path / f"{number}.svs").write_bytes(bytes(number * 500_000))
    slides = sorted(tmp_path.iterdir())

    few, all_of_them = forecast_slides(tmp_path, slides, 2), forecast_slides(tmp_path, slides)

    assert (few.at_once, few.room) == (2, 3_500_000)
    assert (all_of_them.at_once, all_of_them.room) == (4, 5_000_000)
    assert "up to 2 at a time, 3.5 MB" in few.text("slides")


def test_a_folder_of_another_machine_is_said_to_be_one(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"a")

    found = forecast(tmp_path / "none", {tmp_path / "a.h5": FileSet.of(tmp_path / "a.h5")})

    assert "not on this machine" in found.text("patch files")
