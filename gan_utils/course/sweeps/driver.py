"""A sweep from its plan to its last run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from gan_utils.course.sweeps.crews import Here, OnDask
from gan_utils.course.sweeps.plan import Planned, varied
from gan_utils.course.sweeps.progress import Progress
from gan_utils.course.sweeps.store import FAILED, StoredRun, note_failure, reached, stored_run
from gan_utils.course.sweeps.work import Done, task, unpack
from gan_utils.errors import CourseError

PATIENCE = 0.5  # seconds between two looks at the clock, or at a folder
LOOKS = 20


def states(runs: Sequence[Planned], folder: Path) -> list[StoredRun]:
    """What the folder holds of each planned run."""
    return [stored_run(folder, run.name, run.lesson.name, run.values) for run in runs]


def plan_rows(runs: Sequence[Planned], stored: Sequence[StoredRun]) -> list[tuple[str, ...]]:
    """A heading and a row for each run of `states`: its name, what varies, its seed, its state."""
    names = [*varied(runs), "seed"]
    return [
        ("run", *names, "state"),
        *(
            (known.name, *(str(known.values.get(name, "")) for name in names), known.state)
            for known in stored
        ),
    ]


def open_runs(
    runs: Sequence[Planned], folder: Path, retry_failed: bool, limit: int | None
) -> list[Planned]:
    """The runs that are to be done now: those that are missing, and failed ones if asked."""
    wanted = ("missing", "failed") if retry_failed else ("missing",)
    stored = states(runs, folder)
    left = [run for run, known in zip(runs, stored, strict=True) if known.state in wanted]
    return left[:limit]


def run_all(
    todo: Sequence[Planned], folder: Path, token: str, crew: Here | OnDask, progress: Progress
) -> None:
    """Do the runs `todo`; each leaves its files and its state in `folder`.

    `token` is that of the plan in `folder`.  Raises CourseError where a worker has another
    version of the course or Dask is at fault, OutputError where the folder takes no more.
    """
    while not crew.workers:
        _look(crew, progress)
        time.sleep(PATIENCE)
    ended: SimpleQueue = SimpleQueue()
    begun: set[str] = set()

    def started(worker: str, run: str) -> None:
        begun.add(run)
        progress.started(worker, run)

    def submit(run: Planned) -> None:
        begun.discard(run.name)
        future = crew.submit(task(run, folder, token))
        futures[future] = run
        future.add_done_callback(ended.put)

    crew.begin(started)
    futures = {}
    # How far each run had come before it was last submitted.
    steps = {run.name: reached(folder / run.name) for run in todo}
    try:
        for run in todo:
            submit(run)
        while futures:
            try:
                future = ended.get(timeout=PATIENCE)
            except Empty:
                _look(crew, progress)
                continue
            run, done = futures.pop(future), crew.outcome(future)
            for loss in crew.losses():
                progress.lost(*loss)
            if done.lost:  # Dask gives up after a few workers, whether or not it was its fault
                came_to = reached(folder / run.name)
                best = steps[run.name]
                if run.name not in begun or any(came_to[n] > best.get(n, 0) for n in came_to):
                    steps[run.name] = {**best, **came_to}
                    submit(run)
                    continue
            progress.ended(_kept(run, folder, done))
    except BaseException as error:  # interrupted, or no way to go on
        crew.stop(token, futures)
        if isinstance(error, CourseError):
            progress.cut_off(str(error))
        raise


def _look(crew: Here | OnDask, progress: Progress) -> None:
    """Tell how things are; CourseError where no worker will come any more."""
    for loss in crew.losses():
        progress.lost(*loss)
    if crew.refusal and not crew.workers:
        raise CourseError(crew.refusal)
    progress.tick()


def _kept(run: Planned, folder: Path, done: Done) -> StoredRun:
    """Write down how a run ended."""
    run_folder = folder / run.name
    if done.files:
        unpack(done.files, run_folder)
    # A Jupyter kernel that dies after its result was written has failed at nothing; and a shared
    # folder may show another machine's files late.
    for _ in range(1 if done.error else LOOKS):
        stored = stored_run(folder, run.name, run.lesson.name, run.values)
        if stored.state == "done":
            (run_folder / FAILED).unlink(missing_ok=True)
            return stored
        time.sleep(0 if done.error else PATIENCE)
    note_failure(run_folder, done.error or "its result did not arrive in the folder", done.minutes)
    return stored_run(folder, run.name, run.lesson.name, run.values)
