"""What lesson 07 defines by hand holds."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.optimize import linprog

from gan_utils.data import scale
from gan_utils.data.pairs import load_pairs
from gan_utils.networks.translators import patch_discriminator, unet
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("07_pix2pix"), {})


@pytest.mark.parametrize(
    ("name", "librarys"), [("our_unet", unet), ("our_patches", patch_discriminator)]
)
@pytest.mark.parametrize(
    "options", [{}, {"channels": 6}, {"size": 32, "channels": 3, "out": 3}], ids=str
)
def test_the_networks_of_the_lesson_are_the_librarys(lesson, name, librarys, options):
    """The same answers with the same weights, not only the same layers."""
    one, other = lesson[name](**options), librarys(**options)
    rng = np.random.default_rng(0)
    one.set_weights([rng.uniform(-0.1, 0.1, weight.shape) for weight in one.weights])
    other.set_weights(one.get_weights())
    given = [rng.uniform(-1, 1, (4, *read.shape[1:])).astype("float32") for read in one.inputs]
    given = given if len(given) > 1 else given[0]
    answers = one(given).numpy()
    assert answers.std(axis=(1, 2, 3)).min() > 1e-3
    np.testing.assert_allclose(answers, other(given), rtol=1e-4, atol=1e-5)


def test_holes_are_squares_of_twelve_pixels_near_the_middle(lesson, monkeypatch):
    monkeypatch.setitem(lesson, "rng", np.random.default_rng(0))
    corners = set()
    for missing in lesson["holes"](200):
        assert missing.shape == (28, 28, 1) and missing.dtype == bool
        rows, columns = (np.flatnonzero(missing[..., 0].any(axis=axis)) for axis in (1, 0))
        assert len(rows) == len(columns) == 12 and missing.sum() == 144
        assert np.ptp(rows) == np.ptp(columns) == 11
        corners.add((rows[0], columns[0]))
    for places in zip(*corners, strict=True):  # 4 pixels at least on each side
        assert set(places) == set(range(4, 13))
    assert lesson["holes"](3, side=5).sum(axis=(1, 2, 3)).tolist() == [25, 25, 25]


def test_a_channel_beside_the_erased_image_is_white_where_the_hole_is(lesson):
    images = RNG.integers(0, 256, (3, 6, 6, 1), dtype=np.uint8)
    missing = RNG.random(images.shape) < 0.4
    found = lesson["with_holes"](images, missing)
    assert found.shape == (3, 6, 6, 2) and found.dtype == np.uint8
    for place, absent in np.ndenumerate(missing[..., 0]):
        assert found[place].tolist() == ([128, 255] if absent else [images[*place, 0], 0])


@pytest.mark.parametrize("side", [1, 7, 14, 28])
def test_a_logit_sees_the_square_that_is_told(lesson, side):
    assert lesson["square_seen"](patch_discriminator(patch=side)) == (side, side)


def test_height_and_width_of_what_a_logit_sees_are_told_apart(lesson):
    source, image = keras.Input((15, 15, 1)), keras.Input((15, 15, 1))
    x = layers.Concatenate()([source, image])
    for kernel in ((3, 5), (1, 3)):  # 3 and 1 + 4 + 2 pixels
        x = layers.Conv2D(2, kernel, padding="same", kernel_initializer="ones")(x)
    assert lesson["square_seen"](keras.Model([source, image], x)) == (3, 7)


def test_the_nearest_known_image_is_that_of_a_plain_loop(lesson):
    images = RNG.integers(0, 256, (7, 5, 5, 1), dtype=np.uint8)
    candidates = RNG.integers(0, 256, (40, 5, 5, 1), dtype=np.uint8)
    missing = RNG.random(images.shape) < 0.5
    expected = []
    for image, hole in zip(images, missing, strict=True):
        off = [np.sum((image[~hole].astype(float) - other[~hole]) ** 2) for other in candidates]
        expected.append(candidates[np.argmin(off)])
    found = lesson["nearest_known"](images, missing, candidates)
    np.testing.assert_array_equal(found, expected)
    changed = np.where(missing, np.uint8(255) - images, images)
    np.testing.assert_array_equal(lesson["nearest_known"](changed, missing, candidates), expected)


def test_only_the_hole_is_filled(lesson, monkeypatch):
    truth = RNG.integers(0, 256, (4, 5, 5, 1), dtype=np.uint8)
    missing = RNG.random(truth.shape) < 0.5
    for name, value in {"truth": truth, "missing": missing, "count": 3}.items():
        monkeypatch.setitem(lesson, name, value)
    filled = lesson["in_the_hole"](np.full((1, 5, 5, 1), 7, np.uint8))
    assert filled.shape == (3, 5, 5, 1)
    assert np.all(filled[missing[:3]] == 7)
    np.testing.assert_array_equal(filled[~missing[:3]], truth[:3][~missing[:3]])


def least_distance(weights, known, target):
    """The least mean |known pixels of z @ weights − target| over all z, by linear programming."""
    pixels = weights.T[known]
    count, size = pixels.shape
    bounds = np.block([[pixels, -np.eye(count)], [-pixels, -np.eye(count)]])
    found = linprog(
        np.r_[np.zeros(size), np.full(count, 1 / count)],
        A_ub=bounds,
        b_ub=np.r_[target[known], -target[known]],
        bounds=[(None, None)] * size + [(0, None)] * count,
    )
    return found.fun


def test_a_search_ends_near_in_the_known_pixels_and_does_not_look_into_the_hole(
    lesson, monkeypatch
):
    """A linear generator: 3 numbers become 4 × 4 pixels, 6 of which are missing."""
    rng = np.random.default_rng(1)
    weights = np.float32(rng.normal(0, 0.1, (3, 16)))

    def drawing(z, training):
        assert training is False
        return tf.reshape(z @ tf.constant(weights), (-1, 4, 4, 1))

    monkeypatch.setitem(lesson, "drawing", drawing)
    missing = np.zeros((5, 4, 4, 1), bool)
    missing[:, 1:4, 1:3] = True
    known = ~missing[0].ravel()
    images = RNG.integers(96, 160, missing.shape, dtype=np.uint8)
    start = np.float32(rng.normal(size=(5, 3)))
    targets = scale(images).reshape(5, 16)

    monkeypatch.setitem(lesson, "search_steps", 0)
    _, before = lesson["searched"](images, missing, start)
    expected = np.abs(start @ weights - targets)[:, known].mean(axis=1)
    np.testing.assert_allclose(before, expected, rtol=1e-4, atol=1e-6)

    monkeypatch.setitem(lesson, "search_steps", 200)
    found, off = lesson["searched"](images, missing, start)
    least = np.array([least_distance(weights, known, target) for target in targets])
    assert np.all(off >= least - 1e-5) and np.all(off < least + 0.01)
    assert np.mean(before - off) > 0.05
    assert found.shape == images.shape and found.dtype == np.uint8
    levels = np.abs(found.astype(float) - images).reshape(5, 16)[:, known].mean(axis=1)
    np.testing.assert_allclose(127.5 * off, levels, atol=0.6)

    changed = np.where(missing, np.uint8(255) - images, images)
    again, off_again = lesson["searched"](changed, missing, start)
    np.testing.assert_array_equal(again, found)
    np.testing.assert_array_equal(off_again, off)


def test_noise_stands_beside_the_image_and_is_fresh_each_time(lesson):
    noise = lesson["Noise"](4)
    images = tf.constant(RNG.uniform(-1, 1, (50, 6, 6, 2)), tf.float32)
    first, second = noise(images).numpy(), noise(images).numpy()
    for made in (first, second):
        assert made.shape == (50, 6, 6, 6)
        np.testing.assert_array_equal(made[..., :2], images)
        assert made[..., 2:].mean() == pytest.approx(0, abs=0.05)
        assert made[..., 2:].std() == pytest.approx(1, abs=0.05)
    assert np.abs(first[..., 2:] - second[..., 2:]).min() > 0


@pytest.mark.parametrize("side", [32, 64])
def test_drawn_pairs_are_read_with_the_outline_at_the_left(lesson, tmp_path, side):
    lesson["draw_pairs"](tmp_path / "pairs", count=9, side=side)
    own = load_pairs(tmp_path / "pairs", side)
    assert own.a.shape == own.b.shape == (9, side, side, 3)
    colours = set()
    for outline, filled in zip(own.a, own.b, strict=True):
        ground = outline[0, 0]
        drawn, shape = ((image != ground).any(axis=-1) for image in (outline, filled))
        assert np.ptp(outline, axis=-1).max() == 0 and ground[0] > 128  # black on light grey
        (colour,) = np.unique(filled[shape], axis=0)  # one colour without holes
        colours.add(tuple(colour.tolist()))
        middle = tuple(np.mean(np.nonzero(shape), axis=1).round().astype(int))
        assert shape[middle] and not drawn[middle]
        for axis in (0, 1):  # in the same place
            lines, area = (np.flatnonzero(part.any(axis=axis)) for part in (drawn, shape))
            assert np.abs(lines[[0, -1]] - area[[0, -1]]).max() <= 1
            assert len(area) == np.ptp(area) + 1
    assert len(colours) == 3
