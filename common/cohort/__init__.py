"""Which slides there are, and what is known of each before it is opened."""

from __future__ import annotations

from common.cohort.csv_file import write_cohort
from common.cohort.entry import SlideEntry
from common.cohort.reader import read_cohort

__all__ = ["SlideEntry", "read_cohort", "write_cohort"]
