"""How near images are to the truth, pixel by pixel, and how sharp they are."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_utils.errors import DataError

WINDOW = 11


def psnr(images: np.ndarray, truth: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """Peak signal-to-noise ratio of each image in decibels, float (n,): 10 log₁₀(255² / error).

    images, truth: uint8 (n, h, w, c). The error is the mean squared difference of grey levels.
    where: bool (h, w, 1) or (n, h, w, 1), the pixels that count, all of them for None.

    An image that is the truth itself has infinitely many. Raises `DataError` for other shapes and
    where no pixel of an image counts.
    """
    return _decibels(_errors(images, truth, where))


def overall_psnr(images: np.ndarray, truth: np.ndarray, where: np.ndarray | None = None) -> float:
    """The same ratio of the mean error of all images together, in decibels.

    One image that is exactly the truth does not make it infinite, as it would their mean ratio.
    """
    return float(_decibels(_errors(images, truth, where).mean()))


def ssim(images: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Structural similarity of each image, at most 1, float (n,) (Wang et al. 2004, equation 13).

    TensorFlow's, with the paper's Gaussian window of 11 pixels. images, truth: uint8 (n, h, w, c).
    Raises `DataError` for other shapes and for images that are smaller than the window.
    """
    height, width = _differences(images, truth).shape[1:3]
    if min(height, width) < WINDOW:
        raise DataError(
            f"the images have {height} × {width} pixels, less than the window of {WINDOW}: give "
            f"larger ones."
        )
    return tf.image.ssim(tf.constant(images), tf.constant(truth), max_val=255).numpy()


def sharpness(images: np.ndarray) -> float:
    """Mean absolute difference of neighbouring pixels of a row, in grey levels."""
    return float(np.abs(np.diff(np.asarray(images, float), axis=2)).mean())


def _errors(images: np.ndarray, truth: np.ndarray, where: np.ndarray | None) -> np.ndarray:
    """Mean squared difference of each image over the pixels that count, float (n,)."""
    squares = np.square(_differences(images, truth)).mean(axis=-1, keepdims=True)
    counted = np.ones(squares.shape, bool) if where is None else np.asarray(where, bool)
    if counted.shape not in (squares.shape, squares.shape[1:]):
        raise DataError(
            f"the pixels that count have shape {counted.shape}: give {squares.shape[1:]}, or one "
            f"such an image."
        )
    counted = np.broadcast_to(counted, squares.shape)
    if len(empty := np.flatnonzero(~counted.any(axis=(1, 2, 3)))):
        raise DataError(f"no pixel of image {empty[0]} counts: give at least one of each image.")
    return (squares * counted).sum(axis=(1, 2, 3)) / counted.sum(axis=(1, 2, 3))


def _decibels(errors):
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255.0**2 / errors)


def _differences(images: np.ndarray, truth: np.ndarray) -> np.ndarray:
    images, truth = np.asarray(images), np.asarray(truth)
    if (
        images.shape != truth.shape
        or images.ndim != 4
        or {images.dtype, truth.dtype} != {np.dtype("uint8")}
    ):
        raise DataError(
            f"the images are {images.dtype} {images.shape} and the truth {truth.dtype} "
            f"{truth.shape}: give uint8 images (n, h, w, c) of one shape."
        )
    return images.astype(float) - truth
