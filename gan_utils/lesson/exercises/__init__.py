"""The exercises of the lessons: a check in one line, with hints that come one after the other.

A notebook leaves a function to write and calls `check(function)` below it. What the function must
do is tested in the module of its lesson, `lesson_01` for notebook 01 and so on. To add one, write
there a function of the same name under `@exercise("first hint", "second hint")`. It is given the
reader's function, tries it, and raises `NotYet` where it falls short of something independent: a
formula in closed form, differences, mock players. `answers` says the usual shortcomings in words.

TensorFlow is loaded only by those tests that need it, inside of them.
"""

from __future__ import annotations

import difflib
import inspect
import pkgutil
import re
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from gan_utils.errors import CourseError
from gan_utils.lesson.exercises.answers import NotYet

__all__ = ["Exercise", "check", "exercise", "exercises"]

LESSON = "lesson_"  # what the modules that hold exercises begin with
LONGEST = 160  # characters of an error's message that are shown
LAST = "There is no further hint: the solution is folded below the cell."

_known: dict[str, Exercise] = {}
# Checks that failed in this Jupyter kernel since the last right answer.
_failed: Counter[str] = Counter()


@dataclass(frozen=True)
class Exercise:
    """A function that a reader writes.

    name: of the reader's function.
    test: takes the reader's function; raises `NotYet` with what it observed, or returns.
    hints: sentences, shown one after the other.
    """

    name: str
    test: Callable[[Callable], None]
    hints: tuple[str, ...]


def exercise(*hints: str) -> Callable[[Callable[[Callable], None]], Exercise]:
    """Make a test the exercise of its own name, with these hints."""

    def make(test: Callable[[Callable], None]) -> Exercise:
        made = Exercise(test.__name__, test, hints)
        _known[made.name] = made
        return made

    return make


def exercises() -> dict[str, Exercise]:
    """All exercises by name, in the order of the lessons."""
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        if module.startswith(LESSON):
            import_module(f"{__name__}.{module}")
    return _known


def check(function: Callable) -> None:
    """Print one line on a reader's answer: right, not done yet, or not yet, why, and a hint.

    function: what the reader wrote, under the name of its exercise. While its body is a bare
    `raise NotImplementedError` it is not done yet. Each further check that fails in the same
    kernel shows the next hint. An error in the reader's code is put into words.

    Raises `CourseError` for what is no function, and for a name that no exercise has.
    """
    tried = _exercise_of(function)
    try:
        # What an unfinished answer makes libraries warn of is said here, in one line.
        with warnings.catch_warnings(action="ignore"):
            tried.test(function)
    except Exception as error:
        if isinstance(error, NotImplementedError) and not error.args:  # with words: a library's
            print(f"{tried.name}: not done yet")
            return
        observed = str(error) if isinstance(error, NotYet) else _stumble(error, function)
        hint = (*tried.hints, LAST)[min(_failed[tried.name], len(tried.hints))]
        _failed[tried.name] += 1
        print(f"{tried.name}: not yet: {observed}. Hint: {hint}")
    else:
        del _failed[tried.name]  # so that whoever changes it again begins with the first hint
        print(f"{tried.name}: right")


def _exercise_of(function: Callable) -> Exercise:
    name = getattr(function, "__name__", None)
    if not callable(function) or name is None:
        raise CourseError(
            f"check was given {function!r}, which is no function: give the one that you wrote, by "
            f"its name and without quotes or brackets."
        )
    known = exercises()
    if name not in known:
        (near,) = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise CourseError(f"there is no exercise `{name}`: did you mean `{near}`?")
    return known[name]


def _stumble(error: Exception, function: Callable) -> str:
    """An error that a test met, as a sentence; with its line where the reader's code raised it."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    lines = [
        line - code.co_firstlineno + 1
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code is code
    ]
    where = f"it stops in its line {lines[-1]}" if lines else "it cannot be used as asked: it ends"
    # TensorFlow puts the name of a graph's node in front, and a heading above its messages.
    message = re.sub(r"\{\{.*?\}\}", "", str(error)).strip().splitlines() or [""]
    reason = " ".join(message[-1 if message[0].endswith(":") else 0].split()).rstrip(".")
    reason = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
    return f"{where} with {type(error).__name__}" + (f" ({reason})" if reason else "")
