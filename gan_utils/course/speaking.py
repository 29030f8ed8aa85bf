"""What a person sees of a run while it goes on: a line that moves, or plain lines elsewhere."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from gan_utils.course.deaths import WORDS, add_line, last_lines
from gan_utils.course.execution import NOTE

SECOND = 1.0
PLAIN_SECONDS = 10.0  # from one plain line to the next
LOG = "run.log"
MEASURED = 2  # numbers of a training that are shown


class Speaker:
    """Tells where a run is: its cell, that one's heading, the step of a training, the time left.

    In a terminal one line moves every second; elsewhere, and in the run's `run.log`, there is a
    plain line every ten seconds. `head` begins the line that tells how the run ended. With
    `aloud` False only `run.log` is written, for a run among others.
    """

    def __init__(self, name: str, folder: Path, aloud: bool = True):
        self._name = name
        self._note, self._log = folder / NOTE, folder / LOG
        self._console = Console(highlight=False, soft_wrap=True, quiet=not aloud)
        # A display of rich takes the whole process's output, even where it shows nothing.
        self._aloud, self._live = aloud, aloud and self._console.is_terminal
        self._status = Status(Text(name), console=self._console, spinner="line")
        self._place: dict[str, Any] = {}
        self._began = self._last = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._spoke = False

    @property
    def head(self) -> str:
        """The lesson's name, where the line that began with it is gone."""
        return f"{self._name}  " if self._spoke or self._live else ""

    def __enter__(self) -> Speaker:
        self._note.unlink(missing_ok=True)  # of a run that was killed
        if self._live:
            self._status.start()
        elif self._aloud:
            self._console.print(f"{self._name}  ", end="", markup=False)
        else:  # what an earlier attempt said last holds no more
            add_line(self._log, said({}, {}, 0.0))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._status.stop()

    def cell(self, place: dict[str, Any]) -> None:
        """A cell has begun."""
        self._place = place

    def _speak(self) -> None:
        while not self._over.wait(SECOND):
            now = time.monotonic()
            line = said(self._place, self._progress(), now - self._began)
            if self._live:
                self._status.update(Text(f"{self._name}{line}"))
            if now - self._last >= PLAIN_SECONDS:
                self._last = now
                add_line(self._log, line)
                if not self._live:
                    self._console.print(line if self._spoke else f"\n{line}", markup=False)
                    self._spoke = True

    def _progress(self) -> dict[str, Any]:
        try:
            return json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def last_said(folder: Path) -> str:
    """What the run in a folder said last; "" where it has said nothing or lies elsewhere."""
    lines = reversed(last_lines(folder / LOG))
    return next((line.strip() for line in lines if line.startswith(WORDS)), "")


def said(place: dict[str, Any], progress: dict[str, Any], seconds: float) -> str:
    """The line: "  cell 21 of 41 · 4 · Train · step 5,300 of 14,000 · d_loss 0.52 · 1:10 left"."""
    parts = (
        [f"cell {place['cell']} of {place['cells']}", place["heading"]] if place else ["starting"]
    )
    if progress:
        parts.append(f"step {progress['step']:,} of {progress['goal']:,}")
        measured = list(progress["measured"].items())[:MEASURED]
        parts += [f"{name} {value:.3g}" for name, value in measured]
        parts.append(f"{clock(progress['seconds_left'])} left of this training")
    return "  " + " · ".join(filter(None, [*parts, clock(seconds)]))


def clock(seconds: float) -> str:
    """Minutes and seconds, "1:05", from an hour on with hours: "2:01:05"."""
    return str(timedelta(seconds=round(seconds))).removeprefix("0:").removeprefix("0")
