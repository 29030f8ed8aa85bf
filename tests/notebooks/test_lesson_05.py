"""What lesson 05 defines by hand holds."""

from __future__ import annotations

import numpy as np
import pytest

from gan_utils.metrics import (
    closer_to_training,
    frechet_distance,
    kernel_distance,
    label_modes,
    prdc,
)
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository


@pytest.fixture
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("05_evaluation"), {"rng": np.random.default_rng(0)})


def test_scores_by_hand_are_the_librarys(lesson):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 6)), rng.normal(0.5, 2, size=(80, 6))
    by_hand = lesson["frechet_by_hand"](x, y)
    assert by_hand == pytest.approx(float(frechet_distance(x, y, resamples=0)), rel=1e-9)
    by_hand = lesson["frechet_of_two"](x[:, :2], y[:, :2])
    by_library = float(frechet_distance(x[:, :2], y[:, :2], resamples=0))
    assert by_hand == pytest.approx(by_library, rel=1e-9)
    by_hand = lesson["kernel_of_pairs"](x, y)
    assert by_hand == pytest.approx(float(kernel_distance(x, y, subsets=2, size=80)), rel=1e-9)
    by_hand, by_library = lesson["shapes_by_hand"](x, y, 3), prdc(x, y, k=3, groups=0)
    assert by_hand == pytest.approx([float(score) for score in vars(by_library).values()])
    near, far, known = (rng.normal(size=(count, 1)) for count in (20, 30, 10))
    by_library = float(closer_to_training(near, known, far))
    assert lesson["share_of_pairs"](near, far, known) == pytest.approx(by_library)
    numbers = rng.integers(0, 7, 50)
    modes, divergence = lesson["modes_by_hand"](numbers, 9)
    by_library = label_modes(numbers, 9)
    assert modes == float(by_library.modes)
    assert divergence == pytest.approx(float(by_library.reverse_kl))


def test_damage_does_what_its_name_says(lesson):
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    blurred = lesson["blurred"](images, 2.0)
    assert blurred.std() < images.std() / 3
    assert blurred.mean() == pytest.approx(images.mean(), abs=1)
    grey = np.full((40, 28, 28, 1), 128, np.uint8)
    assert lesson["noisy"](grey, 10, rng).std() == pytest.approx(10, rel=0.05)
    repeated = lesson["repeated"](images, 20)
    assert len(repeated) == 40 and len({image.tobytes() for image in repeated}) == 2
    numbered = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    few = lesson["some_classes"](numbered, np.arange(40) % 10, 3, rng)
    assert len(few) == 1000 and set(few.ravel() % 10) == {0, 1, 2}


def test_pairs_that_turn_over_are_found_the_sharpest_first(lesson):
    distances = {"a": [1, 10], "b": [2, 9], "c": [3, 1], "d": [9, 20]}
    assert lesson["turned_pairs"](distances) == [("a", "c"), ("b", "c"), ("a", "b")]


def test_as_many_seeds_as_the_formula_needs_see_the_gap(lesson):
    rng = np.random.default_rng(3)
    for spread, gap in ((0.07, 0.1), (0.17, 0.2)):
        n = lesson["seeds_needed"](spread, gap)
        a = rng.normal(1, spread, (4000, n))
        b = (1 - gap) * rng.normal(1, spread, (4000, n))
        from scipy.stats import ttest_ind

        tested = ttest_ind(a, b, axis=1)
        seen = np.mean((tested.pvalue < 0.05) & (tested.statistic > 0))
        assert seen == pytest.approx(0.8, abs=0.06)
    assert lesson["seeds_needed"](0.17, 0.1) > 3.5 * lesson["seeds_needed"](0.17, 0.2)
