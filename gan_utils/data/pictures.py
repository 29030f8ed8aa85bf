"""Single image files: which a folder holds, and how each becomes an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from gan_utils.errors import DataError

SUFFIXES = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
ENDINGS = ", ".join(sorted(SUFFIXES))
NAMED = 5  # files that a message names
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


def image_files(folder: Path, deep: bool = False) -> list[Path]:
    """The image files inside of a folder in order of their paths, hidden ones left out.

    deep: also those in its folders, and in theirs.
    """
    found = folder.rglob("*") if deep else folder.glob("*")
    return sorted(
        file
        for file in found
        if file.suffix.lower() in SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )


def read_image(file: Path, channels: int = 3) -> Image.Image:
    """An image file the right way up, in grey (1 channel) or colour (3); raises `DataError`.

    What is transparent lies on white ground.
    """
    try:
        with Image.open(file) as image:
            if image.mode[0] in "IF":  # converting these would only cut off at 255
                raise ValueError(f"mode {image.mode} has more than 8 bits a channel")
            turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
            upright = image if turn is None else image.transpose(turn)
            if upright.has_transparency_data:
                seen = upright.convert("RGBA")
                upright = Image.new("RGBA", seen.size, "white")
                upright.alpha_composite(seen)
            return upright.convert("L" if channels == 1 else "RGB")
    except Exception as error:  # a decoder raises whatever it stumbles over
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The image {file} cannot be read ({reason}); replace or delete it."
        ) from error


def square(image: Image.Image, size: int) -> np.ndarray:
    """The central square of an image, resized: uint8 (size, size, 1 or 3)."""
    fitted = np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))
    return fitted.reshape(size, size, -1)


def read_all(files: Sequence[Path], read: Callable[[Path], Any]) -> list[Any]:
    """What `read` makes of each file; raises one `DataError` that names all that it refused.

    Of several it tells what is wrong with the first.
    """
    made, bad = [], []
    for file in files:
        try:
            made.append(read(file))
        except DataError as error:
            bad.append((file, error))
    if len(bad) == 1:
        raise bad[0][1]
    if bad:
        names = ", ".join(str(file) for file, _ in bad[:NAMED])
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        raise DataError(
            f"{len(bad)} of {len(files)} images cannot be used ({names}{more}), beginning with "
            f"this: {bad[0][1]}"
        )
    return made
