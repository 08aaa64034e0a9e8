from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layer3_infer.batching import filled


class Slide:
    def __init__(self, count):
        self.count = count
        self.given_up = False

    def __len__(self):
        return self.count


@given(counts=st.lists(st.integers(0, 30), max_size=8), size=st.integers(1, 12))
def test_every_patch_is_in_one_batch_and_all_batches_but_the_last_are_full(counts, size):
    slides = [Slide(count) for count in counts]

    batches = list(filled(slides, size))

    lengths = [sum(len(span) for span in batch) for batch in batches]
    assert all(length == size for length in lengths[:-1])
    assert all(length <= size for length in lengths[-1:])
    for slide in slides:
        spans = [span for batch in batches for span in batch if span.patches is slide]
        assert spans, "also a slide without patches is heard of"
        assert [row for span in spans for row in range(span.start, span.stop)] == list(
            range(len(slide))
        )


def test_a_slide_is_asked_for_when_its_first_patches_are_needed():
    asked = []

    def slides():
        for number in range(3):
            asked.append(number)
            yield Slide(4)

    next(filled(slides(), 4))

    assert asked == [0]


def test_a_slide_that_is_given_up_leaves_its_place_to_the_next():
    first, second = Slide(100), Slide(5)
    batches = filled([first, second], 10)
    next(batches)

    first.given_up = True

    assert [[len(span) for span in batch] for batch in batches] == [[5]]
