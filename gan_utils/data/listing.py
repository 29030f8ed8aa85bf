"""What lies in a folder: the image files, their classes, and what is passed over."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gan_utils.data.pictures import shown
from gan_utils.errors import DataError

SUFFIXES = {".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
ENDINGS = ", ".join(sorted(SUFFIXES))
# What macOS and Windows leave behind, in lower case; their other files have hidden names.
LEFTOVERS = {"__macosx", "desktop.ini", "icon\r", "thumbs.db"}


@dataclass(frozen=True)
class Listing:
    """The image files of a folder in the order in which they are read.

    files: their paths. labels: for each the index of its class, or None without classes.
    passed_over: how many visible files have each other ending (".txt", or "" for none), the most
        frequent one first.
    empty: names of the sub-folders that hold nothing.
    """

    folder: Path
    files: list[Path]
    labels: list[int] | None
    class_names: tuple[str, ...]
    passed_over: dict[str, int]
    empty: tuple[str, ...]

    def name_of(self, file: Path) -> str:
        """A file's path inside of the folder, with / between its parts, as it can be printed."""
        return shown(file.relative_to(self.folder).as_posix())


def list_images(folder: Path, limit: int | None = None) -> Listing:
    """The image files of a folder, at most `limit`; classes take turns.

    Where the folder has sub-folders with images, each is a class, however deep inside its images
    lie. Otherwise the images are those directly inside. Raises `DataError` for a folder without
    images, one with loose images beside classes, and a sub-folder with other files only.
    """
    loose, others = _told_apart(visible_files(folder))
    classes, empty = {}, []
    for sub in _sub_folders(folder):
        images, rest = _told_apart(visible_files(sub, deep=True))
        others += rest
        if images or rest:
            classes[sub] = (images, rest)
        else:
            empty.append(shown(sub.name))
    if not any(images for images, _ in classes.values()):
        classes = {}
    _check(folder, loose, classes)
    groups = [images for images, _ in classes.values()] or [loose]
    columns = [[(file, label) for file in files] for label, files in enumerate(groups)]
    turns = itertools.zip_longest(*columns)
    chosen = [pair for turn in turns for pair in turn if pair][:limit]
    return Listing(
        folder,
        [file for file, _ in chosen],
        [label for _, label in chosen] if classes else None,
        tuple(shown(sub.name) for sub in classes),
        dict(Counter(sorted(file.suffix.lower() for file in others)).most_common()),
        tuple(empty),
    )


def _check(folder: Path, loose: list[Path], classes: dict[Path, tuple[list, list]]) -> None:
    for sub, (images, rest) in classes.items():
        if not images:
            raise DataError(
                f"{shown(sub)} holds no images, but {shown(rest[0].name)}; give files that end in "
                f"{ENDINGS}, or move the folder away."
            )
    if loose and classes:
        raise DataError(
            f"{shown(folder)} holds loose images ({shown(loose[0].name)}, ...) beside folders of "
            f"images ({shown(next(iter(classes)).name)}, ...); move the loose ones into a folder."
        )
    if not loose and not classes:
        raise DataError(
            f"{shown(folder)} and its sub-folders hold no images; give a folder with files that "
            f"end in {ENDINGS}."
        )


def image_files(folder: Path) -> list[Path]:
    """The image files directly inside of a folder in order of their names, hidden ones left out."""
    return _told_apart(visible_files(folder))[0]


def visible_files(folder: Path, deep: bool = False) -> list[Path]:
    """The files of a folder in order of their paths, without hidden ones and leftovers.

    deep: also those in its folders, and in theirs. Links are followed, but into no folder twice,
    and into none that the folder itself lies in: a loop of links ends where it begins. A link that
    leads nowhere is a file, so that reading it can say so.
    """
    entered = {os.path.realpath(folder), *map(str, Path(os.path.realpath(folder)).parents)}
    found, waiting = [], [folder]
    while waiting:
        for entry in _entries(waiting.pop()):
            if not os.path.isdir(entry.path):
                # What else there is (pipes, devices) would let the reader wait without end.
                if os.path.isfile(entry.path) or entry.is_symlink():
                    found.append(Path(entry.path))
            elif deep and (real := os.path.realpath(entry.path)) not in entered:
                entered.add(real)
                waiting.append(Path(entry.path))
    return sorted(found)


def _sub_folders(folder: Path) -> list[Path]:
    """The visible folders in a folder, without links to the folder itself or to one above it."""
    real = Path(os.path.realpath(folder))
    above = {str(real), *map(str, real.parents)}
    subs = [Path(entry.path) for entry in _entries(folder) if os.path.isdir(entry.path)]
    return sorted(sub for sub in subs if os.path.realpath(sub) not in above)


def _entries(folder: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (e for e in entries if e.name[0] != "." and e.name.lower() not in LEFTOVERS),
                key=lambda entry: entry.name,
            )
    except OSError as error:
        raise DataError(
            f"The folder {shown(folder)} cannot be read ({error.strerror}); allow reading it, or "
            f"move it away."
        ) from error


def _told_apart(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Files with the endings of images, and the others."""
    images = [file for file in files if file.suffix.lower() in SUFFIXES]
    return images, [file for file in files if file.suffix.lower() not in SUFFIXES]
