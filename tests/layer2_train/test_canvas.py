from __future__ import annotations

import cv2
import pytest
from matplotlib.figure import Figure

from layer2_train.canvas import save


def test_a_picture_is_whole_or_absent(tmp_path):
    save(Figure(figsize=(2, 1)), tmp_path / "picture.png")

    assert cv2.imread(str(tmp_path / "picture.png")).shape == (150, 300, 3)
    broken = Figure()
    broken.text(0, 0, "$\\nosuchsign$")
    with pytest.raises(ValueError, match="nosuchsign"):
        save(broken, tmp_path / "broken.png")
    assert [path.name for path in tmp_path.iterdir()] == ["picture.png"]
