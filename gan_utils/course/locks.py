"""One at a time in a folder: the lock that sweeps, their runs, and runs of lessons take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gan_utils.errors import OutputError
from gan_utils.files import make_folder

if TYPE_CHECKING:
    from filelock import FileLock

LOCK = ".lock"


def taken(lock: FileLock, seconds: float = 0.0) -> bool:
    """Take a lock within some seconds; OutputError where its folder cannot hold any."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:  # a file system without locks
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise OutputError(
            f"cannot lock {lock.lock_file} ({reason}): choose a folder on another disk with --out."
        ) from None
    return True


@contextmanager
def opened(folder: Path, who: str) -> Iterator[None]:
    """Keep the folder to one `who` at a time; OutputError where another is at work in it."""
    from filelock import FileLock

    make_folder(folder)
    lock = FileLock(folder / LOCK)
    if not taken(lock):
        raise OutputError(
            f"another {who} is at work in {folder}: wait for it or choose another --out; if there "
            f"is none, because its machine died, delete {folder / LOCK}."
        )
    try:
        yield
    finally:
        lock.release()
