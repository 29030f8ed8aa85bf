"""Values and sizes of images: from bytes to a network's range and back, and to other sizes."""

import numpy as np
from PIL import Image

from gan_utils.data.checks import check_choice, check_length, check_range
from gan_utils.errors import DataError


def scale(images: np.ndarray, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Bring uint8 images (0 to 255) to float32 from `low` to `high`; any shape."""
    check_range(low, high)
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise DataError(f"Only uint8 images can be scaled, not {images.dtype}; unscale them first.")
    # A table of the 256 values: both ends come out exactly, whatever the range.
    return np.linspace(low, high, 256, dtype=np.float32)[images]


def unscale(images: np.ndarray, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Bring images from `low` to `high` back to uint8: the nearest of 0 to 255; any shape.

    Rounding errors of up to a thousandth of the range beyond its ends are cut off; values that
    are further out, or not numbers, are an error.
    """
    check_range(low, high)
    levels = (np.asarray(images, np.float64) - low) / (high - low)
    inside = (levels >= -1e-3) & (levels <= 1 + 1e-3)
    if not inside.all():
        value = np.asarray(images)[~inside].flat[0]
        raise DataError(
            f"The images contain the value {value:g}, outside {low:g} to {high:g}; give the range "
            "that the generator was built for."
        )
    return np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)


def resize(images: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Bring uint8 images (n, h, w, c) to (n, size, size, channels), 1 for grey or 3 for RGB.

    For judging a network of one image size by an evaluator of another; images that fit already
    come back as they are.
    """
    images = np.asarray(images)
    if images.shape[1:] == (size, size, channels):
        return images
    check_length("size", size)
    check_choice("number of channels", channels, (1, 3))
    mode = "L" if channels == 1 else "RGB"
    resized = [
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
        .convert(mode)
        .resize((size, size), Image.Resampling.BICUBIC)
        for image in images
    ]
    return np.stack([np.asarray(image) for image in resized]).reshape(-1, size, size, channels)
