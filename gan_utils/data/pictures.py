"""Single image files: what is in each, and how it becomes an array."""

from __future__ import annotations

import logging
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from gan_utils.errors import DataError

# Only these are tried, whatever a file's ending says: a .jpg that holds PostScript would otherwise
# start Ghostscript.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")
ANIMATED = ("GIF", "PNG", "TIFF", "WEBP")  # not JPEG, where a second picture is a preview
COLOURS = {
    "1": "black and white (1 bit)",
    "L": "grey",
    "LA": "grey",
    "I": "grey",
    "P": "colours of a palette",
    "PA": "colours of a palette",
    "CMYK": "CMYK",
}
# What brings an image of each EXIF orientation upright. Pillow's own function also writes the
# rest of the tags anew, and stumbles over those that make no sense.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = (5, 6, 7, 8)  # orientations that exchange width and height
BATCH = 16  # files that a thread takes at a time


class UnreadableImage(DataError):
    """An image file that cannot be decoded; `reason` is the part of the sentence that says why."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"The image {shown(file)} cannot be read ({reason}); replace or delete it."
        )
        self.reason = reason


@dataclass(frozen=True)
class Facts:
    """What an image file holds.

    width, height: in pixels, once it is upright.
    colours: how they are stored, one of the values of `COLOURS` or "colour".
    sixteen_bits: whether a channel has 16 bits, which are scaled to 8.
    transparent: whether anything lets the white ground through.
    animated: whether other frames or pages follow the first one.
    """

    width: int
    height: int
    colours: str
    sixteen_bits: bool
    transparent: bool
    animated: bool


def read_picture(
    file: Path, channels: int = 3, least: int | None = None
) -> tuple[Image.Image, Facts]:
    """The first frame of an image file, upright, and what the file holds.

    The image is grey ("L", 1 channel) or colour ("RGB", 3) in 8 bits a channel, on white ground
    where it is transparent.

    least: pixels of the shorter side below which a JPEG may not be reduced while it is decoded,
        which saves most of the time that large photographs take. None: never reduce one.

    Raises `DataError` for a file that holds no image, half of one, more pixels than Pillow's limit
    against decompression bombs allows, or values of 32 bits.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            return _decode(image, channels, least)
    except Exception as error:  # a decoder raises whatever it stumbles over
        raise UnreadableImage(file, _reason(file, error)) from error


def read_image(file: Path, channels: int = 3) -> Image.Image:
    """The image of `read_picture` alone."""
    return read_picture(file, channels)[0]


def _decode(image: Image.Image, channels: int, least: int | None) -> tuple[Image.Image, Facts]:
    width, height = image.size
    # Pillow itself refuses twice as many, and warns of these.
    if Image.MAX_IMAGE_PIXELS and width * height > Image.MAX_IMAGE_PIXELS:
        raise Image.DecompressionBombError
    sixteen_bits = image.format in ("PNG", "TIFF") and any(";16" in str(t[3]) for t in image.tile)
    if image.mode[0] in "IF" and not sixteen_bits:  # a range nobody knows
        raise ValueError(f"its mode {image.mode} stores 32 bits a channel; give 8 or 16")
    reduced = least and image.draft(None, (least, least))
    image.load()
    if not reduced:
        width, height = image.size  # those of a TIFF after the turn that Pillow gives it
    orientation = _orientation(image)
    if orientation in LYING:
        width, height = height, width
    upright = _eight_bits(image) if image.mode[0] == "I" else image
    if orientation in TURNS:
        upright = upright.transpose(TURNS[orientation])
    upright, transparent = _on_white(upright)
    facts = Facts(
        width,
        height,
        COLOURS.get(image.mode.split(";")[0], "colour"),
        sixteen_bits,
        transparent,
        image.format in ANIMATED and _is_animated(image),
    )
    return upright.convert("L" if channels == 1 else "RGB"), facts


def _orientation(image: Image.Image) -> int | None:
    """The EXIF orientation of a loaded image, 1 to 8, or None where there is none to be read."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # what a camera wrote wrongly does not make the picture worse
        return None


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey image of 16 bits a channel, 0 to 65535, in 8: the nearest of 0 to 255."""
    values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if (clear := image.info.get("transparency")) is None:
        return grey
    alpha = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
    return Image.merge("LA", (grey, alpha))


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image on white ground, and whether anything of the ground is to be seen."""
    if not image.has_transparency_data:
        return image, False
    seen = image.convert("RGBA")
    ground = Image.new("RGBA", seen.size, "white")
    ground.alpha_composite(seen)
    return ground, seen.getchannel("A").getextrema()[0] < 255


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the second frame is damaged; only the first one counts
        return True


def _reason(file: Path, error: Exception) -> str:
    """Why a file cannot be read, as it stands inside of a sentence."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"it unpacks to more than {Image.MAX_IMAGE_PIXELS:,} pixels"
    if isinstance(error, UnidentifiedImageError):
        if file.stat().st_size == 0:
            return "it is empty"
        return f"cannot identify its content as one of {', '.join(FORMATS)}"
    if isinstance(error, FileNotFoundError):
        return "it is gone, or a link that leads nowhere"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    words = " ".join(said.split()).rstrip(".").replace(". ", "; ")
    return shown(words) or type(error).__name__


def shown(name: object) -> str:
    """A name or text as it can be printed: what breaks lines, or is no character, by its number."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(name)
    )


def square(image: Image.Image, size: int) -> np.ndarray:
    """The central square of an image, resized: uint8 (size, size, 1 or 3)."""
    fitted = np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))
    return fitted.reshape(size, size, -1)


def attempt_all(
    files: Sequence[Path], read: Callable[[Path], Any]
) -> Iterator[tuple[Path, Any, DataError | None]]:
    """Each file in order with what `read` makes of it, or None and the `DataError` that it raised.

    Several threads read, as decoding leaves Python's lock free, and only a little ahead of what is
    taken, so that memory holds a few results however many files there are. Nothing warns meanwhile.
    """

    def attempt(batch: Sequence[Path]) -> list[tuple[Path, Any, DataError | None]]:
        done = []
        for file in batch:
            try:
                done.append((file, read(file), None))
            except DataError as error:
                done.append((file, None, error))
        return done

    threads = min(8, os.cpu_count() or 1)
    with _quiet():
        pool = ThreadPoolExecutor(threads)
        waiting = deque()
        try:
            for start in range(0, len(files), BATCH):
                waiting.append(pool.submit(attempt, files[start : start + BATCH]))
                if len(waiting) > threads:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)  # an interrupt need not wait for what is left


@contextmanager
def _quiet() -> Iterator[None]:
    """Let Pillow neither warn nor log: what matters in its warnings is an error of ours."""
    log, silent = logging.getLogger("PIL"), logging.NullHandler()
    passed_on, log.propagate = log.propagate, False
    log.addHandler(silent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.removeHandler(silent)
        log.propagate = passed_on


def read_all(files: Sequence[Path], read: Callable[[Path], Any]) -> list[Any]:
    """What `read` makes of each file; raises one `DataError` that names all that it refused.

    Of several it tells what is wrong with the first.
    """
    made, bad = [], []
    for file, result, error in attempt_all(files, read):
        if error is None:
            made.append(result)
        else:
            bad.append((file, error))
    if len(bad) == 1:
        raise bad[0][1]
    if bad:
        names = ", ".join(shown(file) for file, _ in bad)
        raise DataError(
            f"{len(bad)} of {len(files)} images cannot be used ({names}), beginning with this: "
            f"{bad[0][1]}"
        )
    return made
