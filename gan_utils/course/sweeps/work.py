"""What a worker does with one run, in this process or on another machine."""

from __future__ import annotations

import io
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan_utils.course.execution import Runner
from gan_utils.course.locks import LOCK, taken
from gan_utils.course.notebooks import Lesson, execute
from gan_utils.course.package_hash import package_hash
from gan_utils.course.speaking import LOG, Speaker
from gan_utils.course.sweeps.plan import Planned
from gan_utils.course.sweeps.store import stored_run, token_of
from gan_utils.errors import CourseError, OutputError
from gan_utils.files import make_folder, write_atomically

_threads = threading.local()
_at_work: dict[int, tuple[str, Runner]] = {}  # a thread's token and runner, while it does a run
_stopped: set[str] = set()
STALE = "stale.json"
PATIENCE = 1.0  # seconds between two looks whether a sweep was stopped
WAITING = 30.0  # seconds between two words of a worker that waits for another one


@dataclass(frozen=True)
class Task:
    """A run with all that another machine needs for it.

    `folder` is the sweep's folder and `token` that of its plan; `notebook` is the file's text.
    """

    name: str
    lesson: str
    notebook: str
    values: Mapping[str, Any]
    folder: str
    token: str
    package: str
    cell_seconds: int | None


@dataclass(frozen=True)
class Done:
    """How a run ended: `error` is empty exactly if it succeeded.

    `files` holds its folder as a zip archive where the worker does not see the sweep's folder.
    `lost` says that it did not end itself: the workers that were at it did.
    """

    error: str
    minutes: float
    files: bytes | None
    lost: bool = False


def task(run: Planned, folder: Path, token: str) -> Task:
    """Pack a run for a worker."""
    target = str(folder.resolve())
    return Task(
        run.name, run.lesson.name, run.notebook, run.values, target, token, run.package,
        run.cell_seconds,
    )  # fmt: skip


def carry_out(task: Task) -> Done:
    """Do one run in the runner that this thread keeps for all its runs.

    Where the sweep's folder is shared the files are written there, and a run that was cut off
    goes on from its last backup; elsewhere they go back with the answer.  Raises CourseError
    where this machine has another version of the course, OutputError where it has no room.
    """
    if task.package != package_hash():
        raise CourseError(
            "a worker has another version of gan-course than this one: install the same there, "
            "and start the worker again."
        )
    if not hasattr(_threads, "runner"):
        _threads.runner = Runner()
    thread = threading.get_ident()
    _at_work[thread] = (task.token, _threads.runner)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            notebook = Path(scratch) / f"{task.lesson}.ipynb"
            notebook.write_text(task.notebook, encoding="utf-8")
            shared = token_of(Path(task.folder)) == task.token
            home = Path(task.folder if shared else scratch)
            folder, lesson = home / task.name, Lesson(notebook, {})
            with _alone(folder, task.token):
                if task.token in _stopped:
                    return Done("the sweep was stopped", 0.0, None)
                known = stored_run(home, task.name, task.lesson, task.values)
                if known.state == "done":
                    return Done("", known.minutes, None)
                with Speaker(task.lesson, folder, aloud=False) as speaker:
                    outcome = execute(
                        lesson, task.values, folder, _threads.runner, task.cell_seconds,
                        speaker.cell,
                    )  # fmt: skip
                error = outcome.error
                if task.package != package_hash():
                    # Some of it may have run in the new code, so it is no result of either.
                    with suppress(FileNotFoundError):
                        (folder / "result.json").replace(folder / STALE)
                    error = "gan_utils was changed while it ran: give the same command again"
            return Done(error, outcome.minutes, None if shared else _packed(folder))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"no run can be made in {task.folder} with temporary files in {tempfile.gettempdir()} "
            f"({reason}): free the place or choose another --out."
        ) from None
    finally:
        del _at_work[thread]


@contextmanager
def _alone(folder: Path, token: str) -> Iterator[None]:
    """Wait until nobody else is at the run in this folder, or the sweep is stopped.

    A worker goes on with its run when the driver that asked for it was killed; the next driver
    asks for the same run, and this worker then finds it done.
    """
    from filelock import FileLock

    make_folder(folder)
    lock = FileLock(folder / LOCK)
    told = time.monotonic()
    while token not in _stopped and not taken(lock, PATIENCE):
        if time.monotonic() - told > WAITING:
            told = time.monotonic()
            with suppress(OSError), (folder / LOG).open("a", encoding="utf-8") as log:
                log.write(
                    f"  waiting for another worker that is at this run; if there is none, because "
                    f"its machine died, delete {folder / LOCK}\n"
                )
    try:
        yield
    finally:
        lock.release()


def stop_runs(token: str) -> None:
    """End what this process is running of the sweep with this token, and begin no more of it."""
    _stopped.add(token)
    # Again and again: a run that was about to start when it was stopped starts its process yet.
    while runners := [runner for at_work, runner in list(_at_work.values()) if at_work == token]:
        for runner in runners:
            runner.close()
        time.sleep(PATIENCE / 10)


def _packed(folder: Path) -> bytes:
    """The files of a run, without those in its folders, which are backups."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                file.write(path, path.name)
    return archive.getvalue()


def unpack(files: bytes, folder: Path) -> None:
    """Write the files of a run that came from elsewhere, the result last."""
    make_folder(folder)
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        names = sorted(archive.namelist(), key=lambda name: name == "result.json")
        for name in names:
            write_atomically(folder / Path(name).name, archive.read(name))
