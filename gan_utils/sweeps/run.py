"""A sweep from its plan to its last run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from gan_utils.sweeps.crews import Here, OnDask
from gan_utils.sweeps.plan import Planned, varied
from gan_utils.sweeps.progress import Progress
from gan_utils.sweeps.store import FAILED, Record, note_failure, record, write_plan
from gan_utils.sweeps.work import Done, task, unpack

PATIENCE = 0.5  # seconds between two looks at the clock


def states(runs: Sequence[Planned], folder: Path) -> list[Record]:
    """What the folder holds of each planned run."""
    return [record(folder, run.name, run.lesson.name, run.values) for run in runs]


def plan_rows(runs: Sequence[Planned], folder: Path) -> list[tuple[str, ...]]:
    """A heading and a row for each run: its name, what varies, its seed and its state."""
    names = [*varied(runs), "seed"]
    return [
        ("run", *names, "state"),
        *(
            (known.name, *(str(known.values.get(name, "")) for name in names), known.state)
            for known in states(runs, folder)
        ),
    ]


def open_runs(
    runs: Sequence[Planned], folder: Path, retry_failed: bool, limit: int | None
) -> list[Planned]:
    """The runs that are to be done now: those that are missing, and failed ones if asked."""
    wanted = ("missing", "failed") if retry_failed else ("missing",)
    found = states(runs, folder)
    left = [run for run, known in zip(runs, found, strict=True) if known.state in wanted]
    return left[:limit]


def run_all(
    runs: Sequence[Planned], todo: Sequence[Planned], folder: Path, crew: Here | OnDask,
    progress: Progress,
) -> None:  # fmt: skip
    """Do the runs `todo` of a sweep of `runs`; each leaves its files and its state in `folder`.

    Raises CourseError where a worker has another version of the course, OutputError where the
    folder takes no more.
    """
    token = write_plan(folder, runs)
    crew.tell(progress.started)
    ended: SimpleQueue = SimpleQueue()
    futures = {}
    for run in todo:
        future = crew.submit(task(run, folder, token))
        futures[future] = run
        future.add_done_callback(ended.put)
    left = len(todo)
    while left:
        try:
            future = ended.get(timeout=PATIENCE)
        except Empty:
            progress.tick()
            continue
        left -= 1
        run = futures[future]
        progress.ended(_kept(run, folder, crew.outcome(future)))


def _kept(run: Planned, folder: Path, done: Done) -> Record:
    """Write down how a run ended."""
    place = folder / run.name
    if done.files:
        unpack(done.files, place)
    if done.error:
        note_failure(place, done.error, done.minutes)
    else:
        (place / FAILED).unlink(missing_ok=True)
    return record(folder, run.name, run.lesson.name, run.values)
