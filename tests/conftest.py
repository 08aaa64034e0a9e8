"""Fixtures every test may use."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from halting import Halt
from hypothesis import HealthCheck, settings

settings.register_profile(
    "camnet",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],  # the machine may be busy
)
settings.load_profile("camnet")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def halt(tmp_path_factory):
    """Makes a `Halt` of a function and its turn; what halts ends with the test."""
    folder = tmp_path_factory.mktemp("halt")
    with ExitStack() as made:
        yield lambda function, turn=1, name="at": made.enter_context(
            Halt(folder / name, function, turn)
        )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project, or a skip that says what is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data: {SHARED_DATA} is not there")
    return SHARED_DATA


@pytest.fixture(scope="session")
def mosaic_truth(shared_data):
    """Reads the truth of a mosaic slide: ``tissue`` and ``tumor``, (34, 34) bool, by slide id."""

    def read(slide_id: str) -> dict[str, np.ndarray]:
        with np.load(shared_data / "mosaic" / f"{slide_id}.truth.npz") as stored:
            return {name: stored[name] for name in stored}

    return read
