"""Tasks whose answer is known: an image is spoilt, and a network has to bring it back."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gan_utils.errors import DataError, ParameterError


def shrink(images: np.ndarray, factor: int = 4) -> np.ndarray:
    """Means over squares of `factor` × `factor` pixels, uint8 (n, h, w, c) → (n, h/f, w/f, c).

    Raises `ParameterError` for a factor that does not divide both sides, `DataError` for what are
    no such images.
    """
    images = _checked(images)
    _check_factor(factor)
    count, height, width, channels = images.shape
    if height % factor or width % factor:
        raise ParameterError(
            f"factor is {factor}, which does not divide {height} × {width} pixels: give a number "
            f"that divides both."
        )
    blocks = images.reshape(count, height // factor, factor, width // factor, factor, channels)
    return np.round(blocks.mean(axis=(2, 4))).astype(np.uint8)


def enlarge(images: np.ndarray, factor: int = 4, smooth: bool = False) -> np.ndarray:
    """uint8 (n, h, w, c) → (n, f · h, f · w, c), every pixel repeated.

    smooth: bicubic interpolation instead, as Pillow does it, each channel by itself.

    Raises `ParameterError` and `DataError` as `shrink` does.
    """
    images = _checked(images)
    _check_factor(factor)
    if not smooth:
        return np.repeat(np.repeat(images, factor, axis=1), factor, axis=2)
    count, height, width, channels = images.shape
    size = width * factor, height * factor
    planes = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC))
        for plane in np.moveaxis(images, -1, 1).reshape(-1, height, width)
    ]
    larger = np.reshape(np.array(planes, np.uint8), (count, channels, *size[::-1]))
    return np.moveaxis(larger, 1, -1)


def edges(images: np.ndarray, step: int = 40) -> np.ndarray:
    """White lines on black, uint8 (n, h, w, 1): where grey levels change by `step` or more.

    A pixel is compared with its right and its lower neighbour, in the channel in which they differ
    most: between two areas there is a line of one pixel. Raises `DataError` as `shrink` does.
    """
    values = _checked(images).astype(np.int16)
    lines = np.zeros((*values.shape[:3], 1), bool)
    lines[:, :, :-1, 0] |= np.abs(np.diff(values, axis=2)).max(axis=-1) >= step
    lines[:, :-1, :, 0] |= np.abs(np.diff(values, axis=1)).max(axis=-1) >= step
    return np.uint8(255) * lines


def erase(images: np.ndarray, missing: np.ndarray, level: int = 128) -> np.ndarray:
    """uint8 images (n, h, w, c) with one grey level, from 0 to 255, where pixels are missing.

    missing: bool (h, w, 1), or one an image, (n, h, w, 1). Raises `DataError` for another shape and
    for a hole that covers everything or nothing.
    """
    images, missing = _checked(images), np.asarray(missing, bool)
    shape = (*images.shape[1:3], 1)
    if missing.shape not in (shape, (len(images), *shape)):
        raise DataError(
            f"the hole has shape {missing.shape} and the images {images.shape}: give {shape}, or "
            f"one such an image."
        )
    if not 0 <= level <= 255:
        raise ParameterError(f"level is {level}: give a grey level from 0 to 255.")
    shares = np.atleast_1d(missing.mean(axis=(-3, -2, -1)))
    if len(wrong := np.flatnonzero((shares == 0) | (shares == 1))):
        of = f" of image {wrong[0]}" if missing.ndim == 4 else ""
        raise DataError(
            f"the hole{of} covers {'everything' if shares[wrong[0]] else 'nothing'}: leave some "
            f"pixels of each image, and take some away."
        )
    return np.where(missing, np.uint8(level), images)


def _checked(images) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4:
        raise DataError(
            f"the images are {images.dtype} of shape {images.shape}: give uint8 images "
            f"(n, height, width, channels)."
        )
    return images


def _check_factor(factor: int) -> None:
    if not isinstance(factor, int | np.integer) or factor < 1:
        raise ParameterError(f"factor is {factor}: give a whole number from 1 up.")
