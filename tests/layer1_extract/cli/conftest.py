"""One small cohort, whose folder has a name to stumble over."""

from __future__ import annotations

import pytest
from tiff_slides import write_cohort_folder


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return write_cohort_folder(tmp_path_factory.mktemp("cohort") / "a cohort 'with' ünusual name")
