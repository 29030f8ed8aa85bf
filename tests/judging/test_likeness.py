"""PSNR and SSIM against their formulas worked out in numpy, and sharpness of a ramp."""

import numpy as np
import pytest

from gan_utils.errors import DataError
from gan_utils.judging.likeness import overall_psnr, psnr, sharpness, ssim
from sentences import one_sentence

RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 256, (3, 16, 16, 1), dtype=np.uint8)
ONE_EMPTY = np.arange(3)[:, None, None, None] < np.full((1, 16, 16, 1), 2)
NOISY = np.clip(TRUTH + RNG.normal(0, 20, TRUTH.shape), 0, 255).astype(np.uint8)


def test_psnr_of_a_known_error():
    flat = np.full((1, 8, 8, 3), 100, np.uint8)
    assert psnr(flat + np.uint8(10), flat)[0] == pytest.approx(20 * np.log10(25.5))
    assert psnr(flat, flat)[0] == np.inf


def test_psnr_of_a_part():
    spoilt = np.full((2, 8, 8, 1), 100, np.uint8)
    truth = spoilt.copy()
    where = np.zeros((8, 8, 1), bool)
    where[:2] = True
    spoilt[:, :2] += 10  # an error inside, and a larger one where nobody looks
    spoilt[:, 5:] += 90
    np.testing.assert_allclose(psnr(spoilt, truth, where), 20 * np.log10(25.5))


def test_overall_psnr_is_that_of_the_mean_error():
    truth = np.full((2, 8, 8, 1), 100, np.uint8)
    made = truth.copy()
    made[1] += 10  # the first image is exact: its own ratio is infinite
    assert overall_psnr(made, truth) == pytest.approx(10 * np.log10(255**2 / 50))


def test_ssim_is_the_formula_of_the_paper():
    distance = np.arange(11) - 5
    window = np.exp(-(distance**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    expected = []
    for x, y in zip(NOISY[..., 0].astype(float), TRUTH[..., 0].astype(float), strict=True):
        values = []
        for row in range(16 - 10):
            for column in range(16 - 10):
                a, b = (image[row : row + 11, column : column + 11] for image in (x, y))
                mean_a, mean_b = (window * a).sum(), (window * b).sum()
                var_a, var_b = (window * a**2).sum() - mean_a**2, (window * b**2).sum() - mean_b**2
                both = (window * a * b).sum() - mean_a * mean_b
                values.append(
                    (2 * mean_a * mean_b + first) * (2 * both + second)
                    / ((mean_a**2 + mean_b**2 + first) * (var_a + var_b + second))
                )  # fmt: skip
        expected.append(np.mean(values))
    np.testing.assert_allclose(ssim(NOISY, TRUTH), expected, rtol=1e-4)
    np.testing.assert_allclose(ssim(TRUTH, TRUTH), 1, atol=1e-5)


def test_a_ramp_is_as_sharp_as_its_step():
    ramp = np.broadcast_to(7 * np.arange(10, dtype=np.uint8)[:, None], (2, 5, 10, 1))
    assert sharpness(ramp) == pytest.approx(7)


@pytest.mark.parametrize("wrong", [TRUTH[:2], TRUTH / 255, TRUTH[..., 0]])
@pytest.mark.parametrize("score", [psnr, ssim])
def test_what_does_not_fit_is_refused(score, wrong):
    with pytest.raises(DataError, match="give uint8 images"):
        score(wrong, TRUTH)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: psnr(NOISY, TRUTH, np.ones((16, 16))), "the pixels that count have shape"),
        (lambda: psnr(NOISY, TRUTH, np.ones((2, 16, 16, 1))), "have shape (2, 16, 16, 1)"),
        (lambda: psnr(NOISY, TRUTH, np.zeros((16, 16, 1))), "no pixel of image 0 counts"),
        (lambda: overall_psnr(NOISY, TRUTH, ONE_EMPTY), "no pixel of image 2 counts"),
        (lambda: ssim(NOISY[:, :8], TRUTH[:, :8]), "8 × 16 pixels, less than the window of 11"),
    ],
)
def test_masks_and_sizes_that_do_not_fit(call, words):
    with pytest.raises(DataError) as caught:
        call()
    assert words in one_sentence(caught)
