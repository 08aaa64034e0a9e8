from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract.config import LabelSettings
from layer1_extract.labelling import BOUNDARY, labels_of

eighths = st.integers(0, 8).map(lambda n: n / 8)


@given(share=eighths, low=st.sampled_from([0, 0.25]), high=st.sampled_from([0.5, 1]))
def test_a_label_follows_from_the_share_of_tumour(share, low, high):
    (label,) = labels_of(
        np.array([share], np.float32), LabelSettings(normal_max=low, tumor_min=high)
    )

    assert label == (1 if share >= high else 0 if share <= low else BOUNDARY)


@pytest.mark.parametrize(("share", "label"), [(np.nan, -1), (0.0, 0), (0.5, 1), (1e-6, BOUNDARY)])
def test_the_default_rule(share, label):
    assert labels_of(np.array([share], np.float32), LabelSettings()).tolist() == [label]
