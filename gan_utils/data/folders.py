"""Folders of image files: read into an `ImageSet`, and written for other programs."""

import itertools
from pathlib import Path

import numpy as np
from PIL import Image

from gan_utils.data.checks import check_count
from gan_utils.data.images import ImageSet
from gan_utils.data.pictures import ENDINGS, image_files, read_all, read_image, square
from gan_utils.errors import DataError, OutputError


def load_folder(path: str | Path, size: int = 64, limit: int | None = None) -> ImageSet:
    """Images of any size from a folder, cut to their central square and resized to `size` pixels.

    Where the folder has sub-folders with images, each is a class of that name, however deep inside
    its images lie, and the classes take turns in the result, so that `limit` (at most this many
    images) treats them alike. Otherwise the images are those directly inside, with no labels. Files
    are taken in the order of their names; hidden files and files with other endings than those of
    images are passed over, and so is an empty sub-folder. The result has three channels (RGB);
    what is transparent in a file is white.

    Raises `DataError` for a folder without images, a sub-folder that holds other files only, and
    images that cannot be read, all of which it names.
    """
    folder = checked_folder(path, size, limit)
    loose = image_files(folder)
    subs = [sub for sub in sorted(folder.iterdir()) if sub.is_dir() and sub.name[0] != "."]
    classes = {sub.name: files for sub in subs if (files := image_files(sub, deep=True))}
    for sub in [sub for sub in subs if classes and sub.name not in classes]:
        others = [file for file in sub.rglob("[!.]*") if file.is_file()]
        if others:
            raise DataError(
                f"{sub} holds no images, but {others[0].name}; give files that end in {ENDINGS}, "
                f"or move the folder away."
            )
    if loose and classes:
        raise DataError(
            f"{folder} holds loose images ({loose[0].name}, ...) beside folders of images "
            f"({next(iter(classes))}, ...); move the loose ones into a folder."
        )
    if not loose and not classes:
        raise DataError(
            f"{folder} and its sub-folders hold no images; give a folder with files that end in "
            f"{ENDINGS}."
        )
    groups = enumerate(list(classes.values()) or [loose])
    columns = [[(file, label) for file in files] for label, files in groups]
    turns = itertools.zip_longest(*columns)
    chosen = [pair for turn in turns for pair in turn if pair][:limit]
    images = read_all([file for file, _ in chosen], lambda file: square(read_image(file), size))
    labels = np.array([label for _, label in chosen], np.int64) if classes else None
    return ImageSet(np.stack(images), labels, tuple(classes), folder.resolve().name)


def checked_folder(path: str | Path, size: int, limit: int | None) -> Path:
    """The folder, once it is there and both numbers can be; raises `DataError`."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        fault = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {fault}; give a folder of images.")
    check_count("size", size)
    if limit is not None:
        check_count("limit", limit)
    return folder


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
