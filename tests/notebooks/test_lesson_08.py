"""What lesson 08 defines by hand holds."""

from __future__ import annotations

import numpy as np
import pytest

from gan_utils.data.pairs import load_domains
from gan_utils.networks.translators import domain_discriminator, residual_translator
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository


@pytest.fixture(scope="module")
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("08_cyclegan"), {})


@pytest.mark.parametrize(
    ("name", "librarys", "options"),
    [
        ("our_translator", residual_translator, {}),
        ("our_translator", residual_translator, {"size": 32, "channels": 3, "out": 3}),
        ("our_discriminator", domain_discriminator, {}),
        ("our_discriminator", domain_discriminator, {"size": 32, "channels": 3}),
    ],
)
def test_the_networks_of_the_lesson_are_the_librarys(lesson, name, librarys, options):
    """The same answers with the same weights, not only the same layers."""
    one, other = lesson[name](**options), librarys(**options)
    rng = np.random.default_rng(0)
    one.set_weights([rng.uniform(-0.1, 0.1, weight.shape) for weight in one.weights])
    other.set_weights(one.get_weights())
    given = rng.uniform(-1, 1, (4, *one.input_shape[1:])).astype("float32")
    answers = one(given).numpy()
    assert answers.std(axis=(1, 2, 3)).min() > 1e-3
    np.testing.assert_allclose(answers, other(given), rtol=1e-3, atol=1e-4)


def test_each_channel_of_each_image_is_normed_by_itself(lesson):
    x = np.random.default_rng(0).normal(3, 2, (3, 6, 6, 2)).astype("float32")
    x[1] *= 10
    expected = (x - x.mean(axis=(1, 2), keepdims=True)) / x.std(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(lesson["by_image"](x), expected, atol=2e-3)


def test_half_of_the_losses_is_missing(lesson):
    """One pixel, each network a product: a translator does not pay for the way that it begins."""
    a, b, weight, f, g, d_a, d_b = 0.9, -0.4, 10.0, 0.6, 0.8, 0.5, -0.3

    def times(factor):
        return lambda x, training: np.float32(factor) * x

    given = (np.full((1, 1, 1, 1), value, "float32") for value in (a, b))
    found = lesson["half_losses"](*given, *map(times, (f, g, d_a, d_b)), weight)
    expected = [
        (d_b * f * a - 1) ** 2 + weight * abs(b - f * g * b),
        (d_a * g * b - 1) ** 2 + weight * abs(a - g * f * a),
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_true_partner_is_looked_for_among_so_many(lesson):
    truth = np.random.default_rng(0).integers(0, 256, (60, 6, 6, 1), dtype=np.uint8)
    near = np.clip(truth.astype(int) + 3, 0, 255).astype(np.uint8)
    shifted = np.roll(near, 1, axis=0)
    half = np.where(np.arange(60)[:, None, None, None] < 20, near, shifted)
    for images, share in ((truth, 1), (near, 1), (shifted, 0), (half, 0.4)):
        assert lesson["nearest_is_true"](images, truth, among=50) == share


def test_noise_reaches_so_many_levels_and_stays_among_the_grey_levels(lesson, monkeypatch):
    monkeypatch.setitem(lesson, "rng", np.random.default_rng(0))
    images = np.broadcast_to(np.array([0, 2, 128, 255], np.uint8), (30, 10, 10, 4))
    made = lesson["noisy"](images, 5)
    assert made.dtype == np.uint8 and made.shape == images.shape
    expected = (range(6), range(8), range(123, 134), range(250, 256))
    for channel, levels in enumerate(expected):
        assert set(made[..., channel].ravel().tolist()) == set(levels)
    _, counts = np.unique(made[..., 2], return_counts=True)
    assert counts.min() > 0.7 * counts.mean()  # as often each
    np.testing.assert_array_equal(lesson["noisy"](images, 0), images)


@pytest.mark.parametrize("side", [32, 64])
def test_drawn_domains_are_read_as_orange_on_white_and_blue_on_grey(lesson, tmp_path, side):
    lesson["draw_domains"](tmp_path, count=12, side=side)
    own = load_domains(tmp_path, side)
    looks = ((255, 255, 255), (230, 159, 0)), ((153, 153, 153), (0, 114, 178))
    discs = []
    for images, (ground, colour) in zip((own.a, own.b), looks, strict=True):
        assert images.shape == (12, side, side, 3)
        disc = np.all(images == colour, axis=-1)
        np.testing.assert_array_equal(~disc, np.all(images == ground, axis=-1))
        for one in disc:
            height, width = (np.ptp(np.flatnonzero(one.any(axis=axis))) + 1 for axis in (1, 0))
            assert abs(height - width) <= 1
            assert one.sum() == pytest.approx(np.pi / 4 * height * width, rel=0.1)
        discs.append(disc)
    assert np.any(discs[0] != discs[1], axis=(1, 2)).all()  # nobody paired them
