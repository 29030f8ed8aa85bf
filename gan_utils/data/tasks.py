"""Tasks whose answer is known: an image is spoilt, and a network has to bring it back."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gan_utils.errors import DataError, ParameterError


def shrink(images: np.ndarray, factor: int = 4) -> np.ndarray:
    """Means over squares of `factor` × `factor` pixels, uint8 (n, h, w, c) → (n, h/f, w/f, c).

    Raises `ParameterError` for a factor that does not divide both sides.
    """
    count, height, width, channels = np.shape(images)
    if factor < 1 or height % factor or width % factor:
        raise ParameterError(
            f"factor is {factor}, which does not divide {height} × {width} pixels: give a number "
            f"that divides both."
        )
    blocks = np.reshape(
        images, (count, height // factor, factor, width // factor, factor, channels)
    )
    return np.round(blocks.mean(axis=(2, 4))).astype(np.uint8)


def enlarge(images: np.ndarray, factor: int = 4, smooth: bool = False) -> np.ndarray:
    """uint8 (n, h, w, c) → (n, f · h, f · w, c), every pixel repeated.

    smooth: bicubic interpolation instead, as Pillow does it.
    """
    if not smooth:
        return np.repeat(np.repeat(images, factor, axis=1), factor, axis=2)
    _, height, width, channels = np.shape(images)
    size = width * factor, height * factor
    larger = [
        np.asarray(
            Image.fromarray(image.squeeze(-1) if channels == 1 else image).resize(
                size, Image.Resampling.BICUBIC
            )
        )
        for image in images
    ]
    return np.reshape(larger, (-1, *size[::-1], channels))


def edges(images: np.ndarray, step: int = 40) -> np.ndarray:
    """White lines on black, uint8 (n, h, w, 1): where grey levels change by `step` or more.

    A pixel is compared with its right and its lower neighbour, in the channel in which they differ
    most, so that lines are one pixel wide.
    """
    values = np.asarray(images).astype(np.int16)
    lines = np.zeros((*values.shape[:3], 1), bool)
    lines[:, :, :-1, 0] |= np.abs(np.diff(values, axis=2)).max(axis=-1) >= step
    lines[:, :-1, :, 0] |= np.abs(np.diff(values, axis=1)).max(axis=-1) >= step
    return np.uint8(255) * lines


def hole(size: int, top: int, left: int, height: int, width: int) -> np.ndarray:
    """What is missing, bool (size, size, 1): True in a rectangle of pixels.

    Raises `ParameterError` for a rectangle that covers nothing or everything or leaves the image.
    """
    inside = 0 <= top < top + height <= size and 0 <= left < left + width <= size
    if not inside or height * width == size * size:
        raise ParameterError(
            f"the hole is {height} × {width} pixels at ({top}, {left}): give one that lies in "
            f"{size} × {size} pixels and leaves some of them."
        )
    missing = np.zeros((size, size, 1), bool)
    missing[top : top + height, left : left + width] = True
    return missing


def erase(images: np.ndarray, missing: np.ndarray, level: int = 128) -> np.ndarray:
    """The images with one grey level where pixels are missing.

    missing: bool (h, w, 1), or one an image, (n, h, w, 1). Raises `DataError` for another shape and
    for a hole that covers everything or nothing.
    """
    missing = np.asarray(missing, bool)
    if missing.shape[-3:-1] != np.shape(images)[1:3] or missing.shape[-1] != 1:
        raise DataError(
            f"the hole has shape {missing.shape} and the images {np.shape(images)}: give one of "
            f"their height and width, and one channel."
        )
    shares = missing.mean(axis=(-3, -2, -1))
    if np.any(shares == 0) or np.any(shares == 1):
        raise DataError(
            f"a hole covers {'nothing' if np.any(shares == 0) else 'everything'}: leave some "
            f"pixels of each image, and take some away."
        )
    return np.where(missing, np.uint8(level), images)
