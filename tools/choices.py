"""Run each lesson once for each choice that its parameters offer, with the smallest budgets.

    python tools/choices.py [LESSON ...] [--out DIR]     # every lesson, or those that are named

A parameter `{a, b, c}`, or one that is true or false, is a promise: each of its values ends well.
So each that is no default gets a run of its own, in which every other whole number but `seed` and
`batch_size` is as small as it may be. A run has to end, or to be refused with one sentence before
a training began. Takes one to two minutes a run; each line says how one ended, and the exit code is
1 where one broke its promise. Give an empty folder with --out: what lies there goes on.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_utils.course.execution import Runner
from gan_utils.course.notebooks import Lesson, execute, find_lessons
from gan_utils.errors import CourseError
from gan_utils.lesson.parameters import Parameter, check_together

UNTOUCHED = ("seed", "batch_size", "folder")
REFUSALS = tuple(kind.__name__ for kind in (CourseError, *CourseError.__subclasses__()))
BROKEN = "BROKEN"


def smallest(item: Parameter) -> Any:
    """The smallest whole number that a parameter may have; its default where nothing bounds it."""
    if item.low is None or not math.isfinite(item.low):
        return item.default
    return int(item.low) + (0 if item.low_closed else item.unit)


def offered(item: Parameter) -> tuple:
    """The values of a parameter that a reader may choose beside its default."""
    values = (True, False) if item.type is bool else item.choices
    return tuple(value for value in values if value != item.default)


def plan(parameters: dict[str, Parameter]) -> Iterator[dict[str, Any]]:
    """The values of each run of a lesson: the smallest budgets alone, and with each choice."""
    budgets = {
        name: smallest(item)
        for name, item in parameters.items()
        if item.type is int
        and not (item.choices or item.partner)  # what goes only with another one's value stays
        and name not in UNTOUCHED
    }
    yield budgets
    for name, item in parameters.items():
        for value in offered(item):
            partner = {item.partner: item.partner_values[0]} if item.partner else {}
            yield budgets | partner | {name: value}


def ended(lesson: Lesson, values: dict[str, Any], folder: Path, runner: Runner) -> str:
    """How a run ended: "done", "refused: …" or "BROKEN: …"."""
    try:
        check_together(lesson.parameters, values)
    except CourseError as error:
        return f"refused: {error}"
    outcome = execute(lesson, values, folder, runner)
    if not outcome.error:
        return "done"
    refused = outcome.error.startswith(REFUSALS) and not (folder / "backup").exists()
    return f"{'refused' if refused else BROKEN}: {outcome.error}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", default=["all"])
    parser.add_argument("--out", type=Path, default=Path("runs") / "choices")
    options = parser.parse_args(arguments)
    broken = 0
    with Runner() as runner:
        for lesson in find_lessons(options.lessons or ["all"]):
            for number, values in enumerate(plan(lesson.parameters)):
                folder = options.out / f"{lesson.name}-{number}"
                how = ended(lesson, values, folder, runner)
                broken += how.startswith(BROKEN)
                chosen = {
                    name: value
                    for name, value in values.items()
                    if lesson.parameters[name].type is not int or lesson.parameters[name].choices
                }
                print(f"{lesson.name} {chosen or 'smallest budgets'}: {how}", flush=True)
    print(f"{broken} of the choices broke their promise")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
