"""What lesson 05 defines by hand holds."""

from __future__ import annotations

import numpy as np
import pytest

from gan_utils.metrics import frechet_distance, kernel_distance
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
    by_hand = lesson["kernel_by_hand"](x, y)
    assert by_hand == pytest.approx(float(kernel_distance(x, y, subsets=2, size=80)), rel=1e-9)


def test_damage_does_what_its_name_says(lesson):
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
    blurred = lesson["blurred"](images, 2.0)
    assert blurred.std() < images.std() / 3
    assert blurred.mean() == pytest.approx(images.mean(), abs=1)
    grey = np.full((40, 28, 28, 1), 128, np.uint8)
    assert lesson["noisy"](grey, 10).std() == pytest.approx(10, rel=0.05)
    repeated = lesson["repeated"](images, 20)
    assert len(repeated) == 40 and len({image.tobytes() for image in repeated}) == 2
