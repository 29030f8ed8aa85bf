"""Pictures that were read before: their small images and what was found, kept between two starts.

An entry is two files in a folder of the user's cache: the images as an .npy file, which is opened
as a memory map, and a record in JSON. Neither can be more than lost: an entry that is missing,
damaged or half written is made again from the pictures.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import PIL
from platformdirs import user_cache_path

from gan_utils.files import make_folder, whole_file, write_atomically

FORMAT = 1  # to be raised when the same pictures become other images or another record
CHUNK = 2**20  # bytes


def fingerprint(files: Iterable[tuple[str, Path]], *settings: object) -> str:
    """A name for the content of files, as far as sizes and times of change tell, and for settings.

    files: each by the name that counts, and where it lies.
    """
    digest = hashlib.sha256(ascii((FORMAT, PIL.__version__, *settings)).encode())
    for name, path in files:
        try:
            status = path.stat()
            state = f"{status.st_size}\0{status.st_mtime_ns}"
        except OSError:  # a link that leads nowhere
            state = "gone"
        digest.update(f"{name}\0{state}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


class Entry:
    """The place of one set of images in the cache.

    folder: None for the user's own cache folder of the course.
    place: what stays when the pictures change, so that an entry of their former state can go.
    content: what changes with them.
    """

    def __init__(self, folder: str | Path | None, place: str, content: str) -> None:
        self.folder = (
            user_cache_path("gan-course") / "pictures"
            if folder is None
            else Path(folder).expanduser()
        )
        self.place = place
        self.images = self.folder / f"{place}-{content}.npy"
        self.record = self.folder / f"{place}-{content}.json"

    def read(self) -> tuple[np.ndarray, dict] | None:
        """The images, uint8 (n, height, width, channels), and their record; None where not whole.

        Changes to the images stay in memory.
        """
        try:
            stored = json.loads(self.record.read_bytes())
            header = _header(stored["shape"])
            whole = stored["crc_record"] == _crc_of_record(stored["record"])
            if not whole or stored["crc_images"] != _crc_behind(header, self.images):
                return None
            # Nothing cannot be mapped.
            mode = "c" if stored["shape"][0] else None
            images = np.load(self.images, mmap_mode=mode, allow_pickle=False)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return np.asarray(images), stored["record"]

    def write(
        self, images: Iterable[np.ndarray], shape: tuple[int, ...], record: Callable[[], dict]
    ) -> None:
        """Write images, uint8 of this shape each, as they come, and then what `record` gives.

        Raises `OutputError` where the folder is read-only or full.
        """
        make_folder(self.folder)
        count, crc = 0, 0
        with whole_file(self.images) as file:
            file.write(_header([0, *shape]))
            for image in images:
                data = np.ascontiguousarray(image)
                file.write(data)
                crc = zlib.crc32(data, crc)
                count += 1
            file.seek(0)
            file.write(_header([count, *shape]))
        found = record()
        stored = {
            "shape": [count, *shape],
            "crc_images": crc,
            "crc_record": _crc_of_record(found),
            "record": found,
        }
        write_atomically(self.record, json.dumps(stored).encode())
        self._drop_former()

    def _drop_former(self) -> None:
        """Delete the entries of the same place, lest each change of a folder leaves one behind."""
        for file in self.folder.glob(f"{self.place}-*"):
            if file not in (self.images, self.record):
                try:
                    file.unlink()
                except OSError:  # somebody has it open, on Windows
                    continue


def _header(shape: Sequence[int]) -> bytes:
    """The beginning of an .npy file of uint8; it is as long for every count of images."""
    header = io.BytesIO()
    fields = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(header, fields)
    return header.getvalue()


def _crc_of_record(record: dict) -> int:
    return zlib.crc32(json.dumps(record).encode())


def _crc_behind(header: bytes, path: Path) -> int | None:
    """The CRC-32 of what a file holds behind this header; None where it begins otherwise.

    The file is read and not mapped, so that its pages do not count as memory in use.
    """
    crc = 0
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            return None
        while chunk := file.read(CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc
