"""Emoji in colour, each drawn by two makers whose drawings are free: pairs in two styles.

Google's are from Noto Emoji (Apache License 2.0), Twitter's from Twemoji (CC BY 4.0);
data/README.md gives the whole credit, and how they were chosen and split.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np

from gan_utils.data.bundle import data_dir, read_json, read_verified
from gan_utils.data.checks import check_choice
from gan_utils.data.images import ImageSet
from gan_utils.errors import DataError

STORED = {"google": 64, "twitter": 32}  # the largest size, in pixels, in which a style is bundled


def load_emoji(style: str = "google", split: str = "train", size: int = 32) -> ImageSet:
    """One split of the emoji in one style: uint8 (n, size, size, 3), 0 to 255, on white.

    Row k shows the same emoji in both styles and both sizes, and `emoji_code_points` names it.
    The labels are the categories of the Unicode charts. Skin tones are pictures of their own, but
    no emoji has pictures in both splits, nor has a man where the woman or the person of the same
    code points is in the other one.

    style: "google" or "twitter".
    split: "train" or "test", about nine emoji in ten and one in ten.
    size: 32, or 64 for "google".
    """
    check_choice("style of emoji", style, tuple(STORED))
    check_choice("split", split, ("train", "test"))
    check_choice("size of emoji", size, tuple(sorted(STORED.values())))
    stored = STORED[style]
    if size > stored:
        raise DataError(
            f"The emoji of {style} are bundled with {stored} pixels and not with {size}; "
            f"use size={stored}, or style='google'."
        )
    name = f"{style}_{stored}"
    images, labels, categories = _rows(split, name, "labels", whole="categories")
    if images.shape[1:] != (stored, stored, 3):
        raise DataError(
            f"The bundled emoji of {style} have shape {images.shape[1:]} and should have "
            f"{(stored, stored, 3)}; install gan-course again."
        )
    images = halve(images) if size < stored else images
    return ImageSet(images, labels.astype(np.int64), tuple(categories.tolist()), f"emoji_{style}")


def emoji_code_points(split: str = "train") -> tuple[str, ...]:
    """The Unicode code points of each row of a split: "1F385-1F3FB" is a light Santa Claus."""
    check_choice("split", split, ("train", "test"))
    return tuple(_rows(split, "code_points")[0].tolist())


def halve(images: np.ndarray) -> np.ndarray:
    """Images (n, h, w, c) of uint8 at half their size: means of 2 × 2 pixels, halves rounded up."""
    n, height, width, channels = images.shape
    blocks = images.reshape(n, height // 2, 2, width // 2, 2, channels)
    return ((blocks.sum(axis=(2, 4), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def _rows(split: str, *names: str, whole: str | None = None) -> list[np.ndarray]:
    """The rows of a split of the named arrays, and at the end one array as it is."""
    try:
        from lzma import LZMAError
    except ImportError as error:
        raise DataError(
            "This Python was built without its module lzma, which unpacks the emoji; "
            "install a Python that has it."
        ) from error
    path = data_dir() / "emoji.npz"
    content = read_verified(path, read_json(path.with_name("checksums.json"))["emoji"]["sha256"])
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            rows = file[split]
            return [file[name][rows] for name in names] + ([file[whole]] if whole else [])
    except (EOFError, IndexError, KeyError, ValueError, zipfile.BadZipFile, LZMAError) as error:
        raise DataError(
            f"{path} holds no readable arrays {', '.join(names)}; install gan-course again."
        ) from error
