"""How a process of ours ended, in words: its exit code or its signal, and what it said last."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

LAST = 20_000  # bytes in which a last line is looked for
WORDS = ("  cell ", "  starting", "  waiting ")  # what the course's own lines in a log begin with
# What others say of a death, or always: none of it is why.
OTHERS = ("Kernel died while waiting", "0.00s - ", "[IPKernelApp]")
WHY = "Fatal Python error"  # Python's own words; what follows them is where, and what was loaded


def how_it_ended(code: int) -> str:
    """The end of a process by its exit code, as `subprocess` gives it: -9 for signal 9."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    # Who kills so is most often the system, which has no memory left.
    want = ", perhaps for want of memory" if -code == getattr(signal, "SIGKILL", None) else ""
    return f"was killed by signal {-code}{name}{want}"


def ended(who: str, code: int, lines: Iterable[str]) -> str:
    """The sentence on a process that is dead; `lines` are what it wrote."""
    words = last_words(lines)
    return f"{who} {how_it_ended(code)}" + (f": {words}" if words else "")


def last_words(lines: Iterable[str]) -> str:
    """The line in which a process says why it ends, most often its last; "" where it said none."""
    own = [line.strip() for line in lines if not line.startswith((*WORDS, *OTHERS))]
    fatal = [line for line in own if line.startswith(WHY)]
    return next(filter(None, [*fatal, *reversed(own)]), "")


def last_lines(log: Path, start: int = 0) -> list[str]:
    """The lines at the end of a log, of what follows byte `start`; none where there is no log."""
    try:
        with log.open("rb") as file:
            return lines_at_end(file, start)
    except OSError:
        return []


def lines_at_end(file: BinaryIO, start: int = 0) -> list[str]:
    """The lines at the end of an open file, the first of which may be cut."""
    file.seek(max(start, file.seek(0, os.SEEK_END) - LAST))
    return file.read().decode(errors="replace").splitlines()


def add_line(log: Path, line: str) -> None:
    """Write a line of its own at the end of a log, if that can be."""
    with suppress(OSError), log.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":  # somebody was cut off in the middle of a line
                line = f"\n{line}"
        file.write(f"{line}\n".encode())
