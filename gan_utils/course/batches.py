"""Lessons that are run one after the other in a folder, and go on there if they were cut off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_utils.course.notebooks import Lesson, Outcome, find_lessons, without_outputs
from gan_utils.course.package_hash import package_hash
from gan_utils.errors import CourseError, OutputError
from gan_utils.files import write_atomically
from gan_utils.lesson.parameters import check
from gan_utils.lesson.result import read_result

PLAN = "batch.json"


def write_batch(out: Path, lessons: Sequence[Lesson], values: Mapping[str, dict[str, Any]]) -> None:
    """Note in `out` what is to be run there, so that `read_batch` can go on with it."""
    plan = {
        "package": package_hash(),
        "lessons": [
            {
                "notebook": str(lesson.path.resolve()),
                "code": _code(lesson),
                "values": values[lesson.name],
            }
            for lesson in lessons
        ],
    }
    write_atomically(out / PLAN, json.dumps(plan, indent=1, ensure_ascii=False).encode())


def read_batch(out: Path) -> tuple[list[Lesson], dict[str, dict[str, Any]]]:
    """The lessons that were to be run in `out`, and their values.

    Raises `CourseError` where none were, and where a lesson or the package has changed since: what
    had been trained before would not belong to what is trained now.
    """
    path = out / PLAN
    try:
        plan = json.loads(path.read_text(encoding="utf-8"))
        package, noted = plan["package"], plan["lessons"]
        lessons = find_lessons([item["notebook"] for item in noted])
        codes = [item["code"] for item in noted]
        values = [dict(item["values"]) for item in noted]
    except FileNotFoundError:
        raise CourseError(
            f"{out} holds no run that could go on: give the folder of a `gan-course run`."
        ) from None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CourseError(f"{path} cannot be read ({error}): run the lessons anew.") from None
    if package != package_hash():
        raise CourseError(f"the course has changed since {out} was begun: run the lessons anew.")
    for lesson, code in zip(lessons, codes, strict=True):
        if code != _code(lesson):
            raise CourseError(
                f"lesson {lesson.name} has changed since {out} was begun: run it anew."
            )
    given = zip(lessons, values, strict=True)
    return lessons, {lesson.name: check(lesson.parameters, its) for lesson, its in given}


def finished(lesson: Lesson, folder: Path) -> Outcome | None:
    """How a lesson went that was run to its end in `folder`; None where it was not."""
    try:
        result = read_result(folder)
    except OutputError:
        return None
    return Outcome(lesson.name, folder, result["minutes"], "", result)


def _code(lesson: Lesson) -> str:
    _, cells = without_outputs(lesson.path)
    return hashlib.sha256("\0".join(cells).encode()).hexdigest()
