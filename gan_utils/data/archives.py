"""Zip files of pictures, unpacked so that nothing in them can do harm."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gan_utils.data.listing import LEFTOVERS, SUFFIXES
from gan_utils.data.pictures import shown
from gan_utils.errors import DataError

LARGEST = 32 * 2**30  # bytes of all pictures unpacked; far more is a bomb and no data set


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """The folder into which a zip file is unpacked, which is gone afterwards.

    Pictures are unpacked, what is hidden is left out, and of other files there are only the names.
    A folder in which everything lies is taken for the whole.

    Raises `DataError` for what is no zip file, a damaged or locked one, one with an entry that
    would leave its folder or with a link, and one that unpacks to more than 32 GiB or than the disk
    has room for.
    """
    with tempfile.TemporaryDirectory(prefix="pictures-") as made:
        folder = Path(made)
        try:
            with zipfile.ZipFile(archive) as file:
                entries = [entry for entry in file.infolist() if not entry.is_dir()]
                wanted = _checked(archive, entries, shutil.disk_usage(folder).free)
                for entry, path in wanted:
                    _unpack(file, entry, folder.joinpath(*path.parts))
        except DataError:
            raise
        except OSError as error:
            raise DataError(
                f"{shown(archive)} cannot be unpacked ({error.strerror or error}); unpack it "
                f"yourself and give the folder."
            ) from error
        except Exception as error:  # the reader raises whatever it stumbles over in a damaged file
            reason = shown(error).rstrip(".").replace(". ", "; ") or type(error).__name__
            raise DataError(
                f"{shown(archive)} is no zip file or is damaged ({reason}); download or make it "
                f"again."
            ) from error
        yield _innermost(folder)


def _checked(
    archive: Path, entries: list[zipfile.ZipInfo], room: int
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """The visible entries and where each belongs, once it is seen that all may be unpacked."""
    wanted = []
    for entry in entries:
        name = entry.filename.replace("\\", "/")  # old programs on Windows write it so
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
            raise DataError(
                f"{shown(archive)} holds an entry that would leave its folder "
                f"({shown(entry.filename)}); do not trust this file, and make one without such."
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(
                f"{shown(archive)} holds a link ({shown(entry.filename)}); make one that holds "
                f"the pictures themselves."
            )
        if entry.flag_bits & 1:
            raise DataError(
                f"{shown(archive)} is locked with a password; unpack it yourself and give the "
                f"folder."
            )
        if not any(part[0] == "." or part.lower() in LEFTOVERS for part in path.parts):
            wanted.append((entry, path))
    total = sum(entry.file_size for entry, path in wanted if path.suffix.lower() in SUFFIXES)
    if total > min(LARGEST, room):
        most = "this course unpacks" if total > LARGEST else "the disk has room for"
        raise DataError(
            f"{shown(archive)} unpacks to {total / 2**30:,.1f} GiB, which is more than {most} "
            f"({min(LARGEST, room) / 2**30:,.1f} GiB); give a smaller one."
        )
    return [(entry, path) for entry, path in wanted if path.parts]


def _unpack(file: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as copy:
        # The reader stops at the size that the entry declares, which was counted.
        if target.suffix.lower() in SUFFIXES:
            with file.open(entry) as source:
                shutil.copyfileobj(source, copy)


def _innermost(folder: Path) -> Path:
    """The folder in which everything lies, where programs have packed it together with its name."""
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder
