"""Folders of image files: read into an `ImageSet`, and written for other programs."""

import itertools
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gan_utils.data.checks import check_count
from gan_utils.data.images import ImageSet
from gan_utils.errors import DataError, OutputError

IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def load_folder(path: str | Path, size: int = 64, limit: int | None = None) -> ImageSet:
    """Images of any size from a folder, cut to their central square and resized to `size` pixels.

    Where the folder has sub-folders with images, each is a class of that name, and the classes
    take turns in the result, so that `limit` (at most this many images) treats them alike.
    Otherwise the images are those directly inside, with no labels. Files are taken in the order of
    their names; hidden files and files with other endings than those of images are passed over.
    The result has three channels (RGB).
    """
    folder = checked_folder(path, size, limit)
    loose = image_files(folder)
    classes = {
        sub.name: files
        for sub in sorted(folder.iterdir())
        if sub.is_dir() and not sub.name.startswith(".") and (files := image_files(sub))
    }
    if loose and classes:
        raise DataError(
            f"{folder} holds loose images ({loose[0].name}, ...) beside folders of images "
            f"({next(iter(classes))}, ...); move the loose ones into a folder."
        )
    if not loose and not classes:
        raise DataError(
            f"{folder} and its sub-folders hold no images; give a folder with files that end in "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    groups = enumerate(list(classes.values()) or [loose])
    columns = [[(file, label) for file in files] for label, files in groups]
    turns = itertools.zip_longest(*columns)
    chosen = [pair for turn in turns for pair in turn if pair][:limit]
    images = np.empty((len(chosen), size, size, 3), np.uint8)
    for target, (file, _) in zip(images, chosen, strict=True):
        target[:] = square(read_image(file), size)
    labels = np.array([label for _, label in chosen], np.int64) if classes else None
    return ImageSet(images, labels, tuple(classes), folder.resolve().name)


def checked_folder(path: str | Path, size: int, limit: int | None) -> Path:
    """The folder, once it is there and both numbers can be; raises `DataError`."""
    folder = Path(path)
    if not folder.is_dir():
        fault = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {fault}; give a folder of images.")
    check_count("size", size)
    if limit is not None:
        check_count("limit", limit)
    return folder


def image_files(folder: Path) -> list[Path]:
    """The image files directly inside of a folder by name, hidden ones left out."""
    visible = folder.glob("[!.]*")
    return sorted(
        file for file in visible if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
    )


def read_image(file: Path, channels: int = 3) -> Image.Image:
    """An image file the right way up, in grey (1 channel) or colour (3); raises `DataError`."""
    try:
        with Image.open(file) as image:
            if image.mode[0] in "IF":  # converting these would only cut off at 255
                raise ValueError(f"mode {image.mode} has more than 8 bits a channel")
            return ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"The image {file} cannot be read ({error}); replace or delete it."
        ) from error


def square(image: Image.Image, size: int) -> np.ndarray:
    """The central square of an image, resized: uint8 (size, size, 1 or 3)."""
    fitted = np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))
    return fitted.reshape(size, size, -1)


def write_images(images: np.ndarray, folder: str | Path) -> Path:
    """Write uint8 images (n, h, w, 1 or 3) as 00000.png, 00001.png, … into a new folder.

    For programs that score folders of images. Raises `OutputError` where the folder is not
    empty or cannot be written.
    """
    ImageSet(np.asarray(images), None, (), "the set to write")  # refuses what are no images
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"{folder} already holds files; choose a new folder.")
        for number, image in enumerate(np.asarray(images)):
            Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
                folder / f"{number:05d}.png"
            )
    except OSError as error:
        raise OutputError(f"{folder} cannot be written ({error.strerror}); free it.") from error
    return folder
