from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from fakes import FakeSlide
from stained_tissue import tissue

from common.errors import ContractError, SlideError
from common.geometry import Pyramid
from common.grid import Grid
from common.patches import PatchSpec
from common.prediction import Predictor
from common.preprocessing import Preprocessing
from common.stain import Unchanged, spread
from layer3_infer.locations import DenseLocations
from layer3_infer.predict import SlidePatches, answered, predict, stain_of

SPEC = PatchSpec(8, 0.5)
PYRAMID = Pyramid(((320, 240),), 0.5)


def paint(x, y):
    return np.stack([x % 256, y % 256, (x + y) % 256], axis=-1)


SLIDE = FakeSlide(PYRAMID, paint)
GRID = Grid.inside(PYRAMID.bounds, 8, 8)


class MeanNetwork:
    """Answers with the mean of a patch; keeps the sizes of its batches."""

    def __init__(self):
        self.sizes = []

    def predict_on_batch(self, pixels):
        self.sizes.append(len(pixels))
        return pixels.mean(axis=(1, 2, 3))[:, None] / 255


def test_the_answer_of_a_patch_is_at_the_place_of_the_patch():
    chosen = GRID.corners()[::3]
    predictor = Predictor(MeanNetwork(), Preprocessing(), batch_size=16)

    heatmap = predict(SLIDE, DenseLocations(GRID, chosen), SPEC, predictor)

    expected = [SLIDE.read(int(x), int(y), SPEC).astype(np.float32).mean() / 255 for x, y in chosen]
    np.testing.assert_allclose(heatmap.scores, expected, rtol=1e-6)
    assert np.array_equal(heatmap.xy, chosen)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_any_number_of_workers_gives_the_same_bits_in_batches_of_one_size(workers):
    network = MeanNetwork()
    locations = DenseLocations(GRID, GRID.corners()[:101])
    one = predict(SLIDE, locations, SPEC, Predictor(network, Preprocessing(), 16))

    many = predict(SLIDE, locations, SPEC, Predictor(network, Preprocessing(), 16), workers=workers)

    assert one.values.tobytes() == many.values.tobytes()
    assert set(network.sizes) == {16}


def test_no_location_asks_the_network_nothing():
    network = MeanNetwork()
    locations = DenseLocations(GRID, GRID.corners()[:0], "nothing there")

    heatmap = predict(SLIDE, locations, SPEC, Predictor(network, Preprocessing(), 16))

    assert np.isnan(heatmap.values).all()
    assert network.sizes == []


@pytest.mark.parametrize("answer", [np.nan, 1.5, -0.1])
def test_an_answer_that_is_no_probability_is_never_taken_for_not_analysed(answer):
    network = MeanNetwork()
    network.predict_on_batch = lambda pixels: np.full((len(pixels), 1), answer)
    locations = DenseLocations(GRID, GRID.corners()[:3])

    with pytest.raises(ContractError, match="expected 0 to 1, found something else for 3 of 3"):
        predict(SLIDE, locations, SPEC, Predictor(network, Preprocessing(), 16))


@dataclass(frozen=True)
class CountingSlide(FakeSlide):
    """Counts what is read, and may break."""

    counter: list = None
    breaks_at: int = -1

    def read(self, x, y, spec):
        self.counter.append((x, y))
        if len(self.counter) == self.breaks_at:
            raise SlideError("slide.tif: pixels at (0, 0): expected pixels that decode")
        return super().read(x, y, spec)


def test_only_a_few_batches_are_ever_in_memory():
    read = []
    slide = CountingSlide(PYRAMID, paint, counter=read)
    patches = SlidePatches.of(slide, GRID.corners(), SPEC)

    answers = answered([patches], Predictor(MeanNetwork(), Preprocessing(), 10), workers=2)
    next(answers)
    answers.close()

    assert 10 <= len(read) <= 70


def of_slides(*counts, breaks=None):
    """Patches of slides with so many each; that of number `breaks` cannot be read."""
    made = []
    for number, count in enumerate(counts):
        at = 1 if number == breaks else -1
        slide = CountingSlide(PYRAMID, paint, slide_id=str(number), counter=[], breaks_at=at)
        made.append(SlidePatches.of(slide, GRID.corners()[number * 7 :][:count], SPEC))
    return made


def by_slide(found):
    """Slide ids, and the answers of each."""
    answers = {}
    for span, scores in found:
        answers.setdefault(span.patches.slide_id, []).append(scores())
    return {slide: np.concatenate(parts).tolist() for slide, parts in answers.items()}


@pytest.mark.parametrize("workers", [1, 3])
def test_a_patch_is_answered_alike_alone_and_in_a_batch_with_other_slides(workers):
    network = MeanNetwork()
    predictor = Predictor(network, Preprocessing(), 16)
    alone = {}
    for patches in of_slides(21, 0, 5, 40):
        alone |= by_slide(answered([patches], predictor, 1))
    network.sizes.clear()

    together = by_slide(answered(of_slides(21, 0, 5, 40), predictor, workers))

    assert together == alone
    assert [len(together[slide]) for slide in "0123"] == [21, 0, 5, 40]
    assert network.sizes == [16] * 5


def test_a_slide_that_cannot_be_read_takes_no_other_with_it():
    predictor = Predictor(MeanNetwork(), Preprocessing(), 16)
    right = by_slide(answered(of_slides(10, 10, 10), predictor, 1))

    found, broken = {}, set()
    for span, scores in answered(of_slides(10, 10, 10, breaks=1), predictor, 1):
        if scores.error is None:
            found.setdefault(span.patches.slide_id, []).extend(scores().tolist())
        else:
            broken.add((span.patches.slide_id, type(scores.error)))

    assert broken == {("1", SlideError)}
    assert (found["0"], found["2"]) == (right["0"], right["2"])


def test_no_more_patches_are_read_of_a_slide_that_is_given_up():
    first, second = of_slides(100, 3)

    for span, _ in answered([first, second], Predictor(MeanNetwork(), Preprocessing(), 10), 1):
        span.patches.given_up = True

    assert len(first.reading._slide.counter) == 10


def test_an_unreadable_patch_ends_the_slide_with_its_error():
    slide = CountingSlide(PYRAMID, paint, counter=[], breaks_at=25)
    locations = DenseLocations(GRID, GRID.corners()[:100])

    with pytest.raises(SlideError, match="pixels that decode"):
        predict(slide, locations, SPEC, Predictor(MeanNetwork(), Preprocessing(), 16))


STAINED = tissue(count=1, size=320, seed=3)[0]
STAINED_SLIDE = FakeSlide(PYRAMID, lambda x, y: STAINED[y % 320, x % 320])
MACENKO = Preprocessing.of("macenko", 60)


def test_a_slide_is_measured_on_patches_spread_over_its_locations():
    corners = GRID.corners()[100:900]

    found = stain_of(STAINED_SLIDE, DenseLocations(GRID, corners), SPEC, MACENKO)

    sample = corners[spread(len(corners), 60)]
    patches = np.stack([STAINED_SLIDE.read(int(x), int(y), SPEC) for x, y in sample])
    assert found == MACENKO.fit(patches)
    assert found.fallback == ""


@pytest.mark.parametrize("workers", [2, 7])
def test_changed_colours_are_the_same_for_any_number_of_workers(workers):
    locations = DenseLocations(GRID, GRID.corners())
    stain = stain_of(STAINED_SLIDE, locations, SPEC, MACENKO)
    predictor = Predictor(MeanNetwork(), MACENKO, 16)

    one, many = (
        predict(STAINED_SLIDE, locations, SPEC, predictor, stain=stain, workers=n)
        for n in (1, workers)
    )

    assert one.values.tobytes() == many.values.tobytes()


def test_the_network_sees_every_patch_in_the_target_s_colours():
    locations = DenseLocations(GRID, GRID.corners()[::7])
    stain = stain_of(STAINED_SLIDE, locations, SPEC, MACENKO)

    heatmap = predict(
        STAINED_SLIDE, locations, SPEC, Predictor(MeanNetwork(), MACENKO, 16), stain=stain
    )

    read = np.stack([STAINED_SLIDE.read(int(x), int(y), SPEC) for x, y in locations.xy])
    expected = stain(read).astype(np.float32).mean(axis=(1, 2, 3)) / 255
    np.testing.assert_allclose(heatmap.scores, expected, rtol=1e-5)
    assert np.abs(stain(read).astype(int) - read).mean() > 10


@pytest.mark.parametrize(
    ("chosen", "preprocessing"),
    [(GRID.corners()[:0], MACENKO), (GRID.corners(), Preprocessing())],
    ids=["nothing to analyse", "no normalisation"],
)
def test_nothing_is_measured_where_nothing_is_asked(chosen, preprocessing):
    slide = CountingSlide(PYRAMID, paint, counter=[])

    assert stain_of(slide, DenseLocations(GRID, chosen), SPEC, preprocessing) == Unchanged()
    assert slide.counter == []
