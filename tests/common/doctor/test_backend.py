from __future__ import annotations

import numpy as np
import pytest

from common.doctor.backend import expected


def test_what_is_expected_of_the_network_is_what_is_worked_out_by_hand():
    white = np.full((1, 8, 8, 3), 255, np.float32)

    assert expected(white) == pytest.approx(1 / (1 + np.exp(-0.1 * 4 * 2.7)))
    assert expected(0 * white) == 0.5
