from __future__ import annotations

import cv2
import numpy as np

from layer3_infer.explain.sanity import Depth, Sanity
from layer3_infer.explain.sanity_plot import write_sanity_plot


def sanity(method, rank):
    depths = tuple(Depth(f"layer_{n}_$x$", n, rank, rank, 1.0, 1.0) for n in (1, 2, 3))
    return Sanity(method, 4, 0.5, depths)


def test_methods_that_differ_are_drawn_apart(tmp_path):
    pictures = []
    for name, rank in (("a", 0.1), ("b", 0.1), ("c", 0.9)):
        write_sanity_plot(tmp_path / f"{name}.png", [sanity("grad_cam", rank), sanity("lime", 0.3)])
        pictures.append(cv2.imread(str(tmp_path / f"{name}.png")))

    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])


def test_a_negative_correlation_stays_in_the_picture(tmp_path):
    write_sanity_plot(tmp_path / "a.png", [sanity("grad_cam", -0.4)])

    assert cv2.imread(str(tmp_path / "a.png")).shape[:2] == (520, 1120)
