from __future__ import annotations

import pytest

from layer1_extract.phantom.roster import Entry
from layer1_extract.phantom.settings import PhantomSettings
from layer1_extract.phantom.slide import grow_slide


@pytest.fixture(scope="session")
def small():
    """Settings of a cohort that is quickly made."""
    return PhantomSettings(slides=3, size=1024)


@pytest.fixture(scope="session")
def positive(small):
    """A slide with tumour."""
    return grow_slide(Entry(0), small)


@pytest.fixture(scope="session")
def negative(small):
    """A slide without."""
    return grow_slide(Entry(2), small)
