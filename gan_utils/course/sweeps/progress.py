"""What a person sees of a sweep: a live line a worker in a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gan_utils.course.deaths import add_line
from gan_utils.course.speaking import LOG, PLAIN_SECONDS, clock, last_said
from gan_utils.course.sweeps.crews import Here, OnDask
from gan_utils.course.sweeps.plan import Planned, varied
from gan_utils.course.sweeps.store import StoredRun
from gan_utils.metrics.score import score_text

SCORES_SHOWN = 2
WAITING = 60.0  # seconds between two words on that no worker is there


class Progress:
    """Tells how a sweep goes on: its runs, those that are to be done now, and who does them.

    folder: of the sweep, where its runs say how far they have come.
    """

    def __init__(
        self, runs: Sequence[Planned], todo: Sequence[Planned], crew: Here | OnDask, folder: Path
    ):
        names = varied(runs)
        self._folder = folder
        self._names = {run.name: _described(run, names) for run in runs}
        self._left, self._number, self._crew = len(todo), len(todo), crew
        self._minutes: list[float] = []
        self._failed = 0
        self._last = self._alone = self._said = time.monotonic()
        self._at_work: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()  # runs begin in other threads
        self._console = Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live.start()
        if not self._crew.workers:
            self._console.print("waiting for the first worker")
        if self._crew.dashboard:
            self._console.print(f"Dashboard: {self._crew.dashboard}", markup=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, worker: str, run: str) -> None:
        """A worker has begun a run; called from any thread."""
        with self._lock:
            # A new dictionary, because another thread may be reading the old one.
            self._at_work = {**self._at_work, worker: (run, time.monotonic())}

    def ended(self, done: StoredRun) -> None:
        """A run has ended."""
        with self._lock:
            self._at_work = {w: at for w, at in self._at_work.items() if at[0] != done.name}
        self._left -= 1
        self._failed += done.state == "failed"
        self._minutes.append(done.minutes)
        position = f"[{self._number - self._left:{len(str(self._number))}}/{self._number}]"
        line = f"{position} {self._names[done.name]}: {_outcome(done)}"
        if not self._console.is_terminal and self._left:
            line += f" · {self._estimate()}"
        self._console.print(line, markup=False)
        self.tick()

    def lost(self, worker: str, run: str, how: str) -> None:
        """A worker has died in the middle of a run."""
        if run not in self._names:  # another sweep's on the same cluster
            return
        words = f"{worker} {how}"
        add_line(self._folder / run / LOG, words)
        self._console.print(f"  {self._names[run]} · {words}: it is done again", markup=False)
        with self._lock:
            self._at_work = {w: at for w, at in self._at_work.items() if at[0] != run}

    def cut_off(self, why: str) -> None:
        """The sweep ends before its runs: each that is at work has it in its log."""
        for run, _ in self._at_work.values():
            add_line(self._folder / run / LOG, why)

    def _wait(self, now: float) -> None:
        """Say each minute that no worker is there."""
        if self._crew.workers:
            self._alone = self._said = now
        elif now - self._said >= WAITING:
            self._said = now
            waited = clock(now - self._alone)
            self._console.print(f"  no worker for {waited}: {self._crew.waiting}", markup=False)

    def tick(self) -> None:
        """Show what the runs at work say, and the time that has passed."""
        now = time.monotonic()
        self._wait(now)
        at_work = sorted(self._at_work.items())
        if not self._console.is_terminal:
            if now - self._last >= PLAIN_SECONDS:
                self._last = now
                for _, (run, began) in at_work:
                    words = last_said(self._folder / run) or clock(now - began)
                    self._console.print(f"  {self._names.get(run, run)} · {words}", markup=False)
            return
        lines = Table.grid(padding=(0, 2))
        for _ in range(4):
            lines.add_column(no_wrap=True, overflow="ellipsis")
        for worker, (run, began) in at_work:
            words = self._names.get(run, run), last_said(self._folder / run)
            lines.add_row(*map(Text, (worker, clock(now - began), *words)))
        done = self._number - self._left
        total = f"{done} of {self._number} done, {self._failed} failed · {self._estimate()}"
        self._live.update(Group(lines, Text(total)), refresh=True)

    def _estimate(self) -> str:
        """How long it will take: the mean of the runs so far, shared among the workers."""
        if not self._minutes:
            return "no estimate before the first run ends"
        mean = sum(self._minutes) / len(self._minutes)
        workers = max(1, min(self._crew.workers, self._left))
        under_way = [time.monotonic() - began for _, began in self._at_work.values()]
        rest = 60 * mean * self._left - sum(min(took, 60 * mean) for took in under_way)
        rest /= workers
        return f"about {clock(max(0.0, rest))} left"


def _described(run: Planned, names: Sequence[str]) -> str:
    """A run by its lesson, the parameters `names` as they would be typed, and its seed."""
    pairs = [f"{name}={run.values[name]}" for name in (*names, "seed") if name in run.values]
    return " ".join([run.lesson.name, *pairs])


def _outcome(done: StoredRun) -> str:
    """How a run ended, in a few words."""
    if done.state == "failed":
        return f"failed after {done.minutes:.1f} min: {done.error}"
    scores = [f"{s['name']} {score_text(s)}" for s in done.result["scores"][:SCORES_SHOWN]]
    return " · ".join([f"done in {done.minutes:.1f} min", *scores])
