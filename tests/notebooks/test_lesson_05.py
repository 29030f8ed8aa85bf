"""What lesson 05 defines by hand holds, and its solutions solve its exercises."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from scipy.ndimage import gaussian_filter

from gan_utils.metrics import frechet_distance, kernel_distance
from lesson_notebook import checks, define_functions, read_cells, solutions

pytestmark = pytest.mark.repository


@pytest.fixture(scope="module")
def cells():
    return read_cells("05_evaluation")


@pytest.fixture
def lesson(cells):
    """The functions that the lesson defines, without running it."""
    names = {"np": np, "scipy": scipy, "gaussian_filter": gaussian_filter, "seed": 0}
    names["rng"] = np.random.default_rng(0)
    return define_functions(cells, names)


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


def test_unsolved_exercises_say_so(cells, lesson, capsys):
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == ["1: not done yet", "2: not done yet"]


def test_solutions_solve_the_exercises(cells, lesson, capsys):
    for block in solutions(cells):
        exec(block, lesson)
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == ["1: right", "2: right"]


def test_the_solution_in_one_dimension_is_the_librarys(cells, lesson):
    for block in solutions(cells):
        exec(block, lesson)
    x, y = np.random.default_rng(3).gamma(2, size=(2, 50, 1))
    exact = float(frechet_distance(x, y, resamples=0))
    assert lesson["frechet_1d"](x[:, 0], y[:, 0]) == pytest.approx(exact)
