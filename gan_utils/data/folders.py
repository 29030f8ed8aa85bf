"""Folders of image files: looked at, read into an `ImageSet`, and written for other programs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from gan_utils.data.archives import unpacked
from gan_utils.data.checks import check_choice, check_count
from gan_utils.data.duplicates import thumbnail
from gan_utils.data.images import ImageSet
from gan_utils.data.listing import Listing, list_images
from gan_utils.data.picture_cache import Entry, fingerprint
from gan_utils.data.pictures import Facts, attempt_all, read_picture, shown, square
from gan_utils.data.survey import Findings, Survey
from gan_utils.errors import DataError, OutputError

LEAST = 32  # pixels to which large photographs may be reduced in any case, for their thumbnails


@dataclass(frozen=True)
class FolderImages(ImageSet):
    """The images of a folder, and what was found there.

    files: the file of each image, by its path inside of the folder.
    survey: what all files hold, to be printed as a table.
    """

    files: tuple[str, ...]
    survey: Survey


def load_folder(
    path: str | Path,
    size: int = 64,
    limit: int | None = None,
    channels: int = 3,
    skip_unreadable: bool = False,
    cache: str | Path | None = None,
) -> FolderImages:
    """Images of any size from a folder, cut to their central square and resized to `size` pixels.

    Where the folder has sub-folders with images, each is a class of that name, however deep inside
    its images lie, and the classes take turns in the result, so that `limit` (at most this many
    files) treats them alike. Otherwise the images are those directly inside, with no labels. Files
    are taken in the order of their names; hidden files, files with other endings than those of
    images and empty sub-folders are passed over, and the survey counts them.

    Images are upright (EXIF); what is transparent is white; 16 bits a channel are scaled to 8; of
    several frames or pages the first one is taken. The images are uint8 and may be a memory map.

    path: a folder, or a .zip file of one.
    channels: 1 for grey, 3 for colour.
    skip_unreadable: leave out the files that cannot be read, which the survey names.
    cache: the folder in which the small images are kept for the next time, by default one of the
        user's. They are read again when a file has another name, size or time of change.

    Raises `DataError` for a folder without images, a sub-folder that holds other files only, loose
    images beside sub-folders with images, files that cannot be read, all of which it names, and a
    class of which no file can be read.
    """
    images, record = _look(path, size, limit, channels, cache)
    survey = Survey(**record["survey"])
    _check_unreadable(path, survey, skip_unreadable)
    labels = None if record["labels"] is None else np.array(record["labels"], np.int64)
    names = tuple(survey.classes)
    return FolderImages(images, labels, names, survey.name, tuple(record["files"]), survey)


def survey_folder(
    path: str | Path,
    size: int = 64,
    limit: int | None = None,
    channels: int = 3,
    cache: str | Path | None = None,
) -> Survey:
    """What the image files of a folder hold, in a table that `print` shows, before they are used.

    Files that cannot be read are named there and are no error. The rest as in `load_folder`, which
    finds in the cache what was read here when it is given the same arguments.
    """
    _, record = _look(path, size, limit, channels, cache)
    return Survey(**record["survey"])


def checked_folder(path: str | Path, size: int, limit: int | None) -> Path:
    """The folder, once it is there and both numbers can be; raises `DataError`."""
    folder = _checked_source(path, size, limit)
    if not folder.is_dir():
        raise DataError(f"{shown(folder)} is a file, not a folder; give a folder of images.")
    return folder


def _checked_source(path: str | Path, size: int, limit: int | None) -> Path:
    """The folder or zip file, once it is there and both numbers can be; raises `DataError`."""
    source = Path(path).expanduser()
    if not source.exists():
        raise DataError(f"{shown(source)} does not exist; give a folder of images.")
    if not source.is_dir() and source.suffix.lower() != ".zip":
        raise DataError(
            f"{shown(source)} is a file, not a folder; give a folder of images, or a zip file."
        )
    check_count("size", size)
    if limit is not None:
        check_count("limit", limit)
    return source


def _look(
    path: str | Path, size: int, limit: int | None, channels: int, cache: str | Path | None
) -> tuple[np.ndarray, dict]:
    """The small images of all files that can be read, and the record of what was found.

    They come from the cache, or from the pictures and then go there. The record holds the survey,
    and for each image its file and its label.
    """
    source = _checked_source(path, size, limit)
    check_choice("number of channels", channels, (1, 3))
    size, channels = int(size), int(channels)  # of NumPy's whole numbers JSON holds none
    settings = (size, channels, None if limit is None else int(limit))
    place = hashlib.sha256(ascii((str(source.resolve()), settings)).encode()).hexdigest()[:16]
    if not source.is_dir():
        entry = Entry(cache, place, fingerprint([(source.name, source)], settings))
        found = entry.read()
        if found is None:
            with unpacked(source) as folder:
                listing = list_images(folder, limit)
                found = _read(listing, source.stem, size, channels, entry)
        return found
    listing = list_images(source, limit)
    files = ((file.relative_to(source).as_posix(), file) for file in listing.files)
    beside = (listing.passed_over, listing.empty)  # which the survey names
    entry = Entry(cache, place, fingerprint(files, settings, beside))
    return entry.read() or _read(listing, source.resolve().name, size, channels, entry)


def _read(
    listing: Listing, name: str, size: int, channels: int, entry: Entry
) -> tuple[np.ndarray, dict]:
    """What `_look` gives, from the pictures; it goes into the cache if that can be written."""
    shape, findings = (size, size, channels), Findings()

    def record() -> dict:
        return {
            "survey": asdict(findings.survey(shown(name), listing, size, channels)),
            "files": findings.names,
            "labels": None if listing.labels is None else findings.labels,
        }

    try:
        entry.write(_small_images(listing, size, channels, findings), shape, record)
    except OutputError:
        pass  # the cache saves time and nothing else
    else:
        if (kept := entry.read()) is not None:
            return kept
    findings = Findings()
    images = np.empty((len(listing.files), *shape), np.uint8)
    for number, image in enumerate(_small_images(listing, size, channels, findings)):
        images[number] = image
    return images[: len(findings.names)], record()


def _small_images(
    listing: Listing, size: int, channels: int, findings: Findings
) -> Iterator[np.ndarray]:
    """The image of each file that can be read, in order; what is found on the way is kept."""
    least = max(2 * size, LEAST)

    def small(file: Path) -> tuple[np.ndarray, Facts, np.ndarray]:
        image, facts = read_picture(file, channels, least)
        return square(image, size), facts, thumbnail(image)

    labels = listing.labels or [0] * len(listing.files)
    for label, (file, read, error) in zip(labels, attempt_all(listing.files, small), strict=True):
        if error is not None:
            findings.unreadable[listing.name_of(file)] = error.reason
        else:
            image, facts, its_thumbnail = read
            findings.add(listing.name_of(file), label, facts, its_thumbnail)
            yield image


def _check_unreadable(path: str | Path, survey: Survey, skip: bool) -> None:
    """Raise a `DataError` that names all files that cannot be read, unless they may be skipped."""
    reasons = ", ".join(f"{name} ({reason})" for name, reason in survey.unreadable.items())
    if survey.unreadable and not (skip and survey.readable):
        others = ", or give skip_unreadable=True" if survey.readable else ""
        raise DataError(
            f"{len(survey.unreadable):,} of {survey.files:,} images of {shown(path)} cannot be "
            f"read: {reasons}; replace or delete them{others}."
        )
    for name, count in survey.classes.items():
        # With a small limit there are classes of which no file was looked at.
        if not count and any(file.startswith(f"{name}/") for file in survey.unreadable):
            raise DataError(
                f"Of the class {name} in {shown(path)} no image can be read; replace its files, or "
                f"move its folder away."
            )


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
