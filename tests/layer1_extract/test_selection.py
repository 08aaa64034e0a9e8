from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer1_extract import selection
from layer1_extract.candidates import Candidates
from layer1_extract.looking import Looked
from layer1_extract.selection import Selector

WHITE, BOUNDARY = 3, 6

rows = st.lists(
    st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 0, 0, BOUNDARY]), st.booleans()),
    max_size=120,
)
quotas = st.one_of(st.none(), st.fixed_dictionaries({0: st.integers(1, 30), 1: st.integers(1, 30)}))


def run(rows, quota, stretch=7):
    """Candidate i lies at (i, 0); rows give label, reason known beforehand, and whether white."""
    labels = np.array([row[0] for row in rows], np.int8)
    known = np.array([row[1] for row in rows], np.uint8)
    white = np.array([row[2] for row in rows], bool)
    read = []

    def screen(xy):
        i = xy[:, 0]
        zero = np.zeros(len(i), np.float32)
        return Candidates(xy, labels[i], zero, zero, known[i], labels[i].astype(np.int32))

    def look(xy):
        assert xy[:, 0].tolist() == sorted(xy[:, 0])
        read.extend(xy[:, 0].tolist())
        for start in range(0, len(xy), stretch):
            i = xy[start : start + stretch, 0]
            reasons = np.where(white[i], WHITE, 0).astype(np.uint8)
            yield Looked(start, start + len(i), reasons, i[reasons == 0].reshape(-1, 1, 1, 1))

    proposed = np.stack([np.arange(len(rows)), np.zeros(len(rows))], axis=1).astype(np.int64)
    steps = list(Selector(screen, look, quota).steps(proposed))
    kept = [int(x) for step in steps for x in step.kept.xy[:, 0]]
    rejected = {
        int(x): int(r)
        for step in steps
        for x, r in zip(step.rejected.xy[:, 0], step.rejected.reasons, strict=True)
    }
    for step in steps:
        if len(step.kept):
            assert np.array_equal(step.stored[:, 0, 0, 0], step.kept.xy[:, 0])
    return kept, rejected, read


@given(rows=rows)
def test_without_a_quota_every_candidate_is_kept_or_rejected_with_its_reason(rows):
    kept, rejected, _ = run(rows, None)

    assert sorted([*kept, *rejected]) == list(range(len(rows)))
    assert kept == [i for i, (_, reason, white) in enumerate(rows) if not reason and not white]


@given(rows=rows, quota=quotas.filter(bool))
def test_the_first_good_ones_of_each_class_are_kept(rows, quota):
    kept, _, _ = run(rows, quota)

    for label, number in quota.items():
        good = [i for i, (own, r, white) in enumerate(rows) if own == label and not r and not white]
        assert sorted(i for i in kept if rows[i][0] == label) == good[:number]


@given(rows=rows, quota=quotas)
def test_what_is_read_is_accounted_for_once(rows, quota):
    kept, rejected, read = run(rows, quota)

    assert len(set(read)) == len(read)
    assert set(read) <= {*kept, *rejected}
    assert not set(kept) & set(rejected)


@given(rows=rows, quota=quotas, first=st.integers(1, 50), stretch=st.integers(1, 50))
def test_the_result_does_not_depend_on_how_many_are_read_at_a_time(rows, quota, first, stretch):
    whole = run(rows, quota)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_FIRST", first)
        patch.setattr(selection, "_MOST", 3 * first)
        cut = run(rows, quota, stretch)

    assert sorted(cut[0]) == sorted(whole[0])
    assert cut[1] == whole[1]
