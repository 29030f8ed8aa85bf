"""Files that are written whole or not at all, and folders that take them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gan_utils.errors import OutputError

PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds between tries to replace a file


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: what stood there before stays until the end.

    Raises OutputError where the folder is missing, read-only or full.
    """
    with whole_file(path) as file:
        file.write(data)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to be written piece by piece, whole or not at all, as `write_atomically` does it.

    It takes the place of what stood there at the end, unless the body raises. An OSError of the
    body becomes an OutputError, too.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(_cannot("write", path, error)) from None


def _replace(part: Path, path: Path) -> None:
    """`os.replace`, tried again where somebody has the file open, such as a scanner on Windows."""
    for pause in PAUSES:
        try:
            return os.replace(part, path)
        except PermissionError:
            time.sleep(pause)
    return os.replace(part, path)


def make_folder(folder: Path) -> None:
    """Make the folder and see that it takes a file; OutputError where it does not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
            file.flush()
    except (OSError, ValueError) as error:
        raise OutputError(_cannot("write to", folder, error)) from None


def new_folder(folder: Path) -> None:
    """`make_folder` for files that must meet no others; OutputError where there are some."""
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"folder {folder} already holds files: choose a new one with --out.")
    make_folder(folder)


def _cannot(verb: str, path: Path, error: Exception) -> str:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return f"cannot {verb} {path} ({reason}): free the place or choose another folder."
