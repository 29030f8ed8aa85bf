"""Sweep files: what is to be run, written in YAML, checked, and spread out into single runs.

    lessons: 03                 # a number or a name, or a list of them
    set:                        # the same in every run
      steps: 2000
    grid:                       # every combination of these
      gamma: [0.1, 0.3]
      loss: [relativistic, non_saturating]
    list:                       # or written out, one mapping each
      - {g_rate: 0.001, d_rate: 0.004}
    random:                     # or drawn: from a list, or between two bounds
      draws: 20
      seed: 0
      ema: {low: 0.9, high: 0.999}
      batch_size: {low: 16, high: 128, scale: log}
    seeds: 5                    # every run with the seeds 0 to 4; or a list of seeds
    cell_seconds: 1800          # a run fails when one of its cells takes longer

Where several of `grid`, `list` and `random` are given, each entry of one is combined with each
of the others.  Values are read as the text that stands there, and take the type that the lesson
declares.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_utils.course.notebooks import Lesson, brought_along, find_lessons, without_outputs
from gan_utils.course.package_hash import package_hash
from gan_utils.course.yaml_nodes import Node, read_yaml
from gan_utils.errors import ParameterError
from gan_utils.lesson.parameters import LARGEST_EXACT, Parameter, check, check_together, unknown

# What a report tells of each score, beside the parameters.
COLUMNS = ("run", "lesson", "state", "minutes", "error", "score", "value", "low", "high", "n",
           "unit", "better")  # fmt: skip
SECTIONS = ("lessons", "set", "grid", "list", "random", "seeds", "cell_seconds")
MANY = 1000  # runs that a sweep may have without a word
SCALES = ("linear", "log")
DIGITS = 12


@dataclass(frozen=True)
class Planned:
    """One run of a sweep.

    Attributes:
        name: the lesson, and a hash of the code, the values and the package below.
        lesson: where its notebook lies.
        notebook: its text without outputs, as it was when the plan was made.
        values: all its parameters but `folder`.
        package: `package_hash` when the plan was made.
        cell_seconds: how long each of its cells may take; no part of the name.
    """

    name: str
    lesson: Lesson
    notebook: str
    values: Mapping[str, Any]
    package: str
    cell_seconds: int | None


def varied(runs: Sequence[Planned]) -> list[str]:
    """The parameters that differ among the runs of a lesson, `seed` left out, in order."""
    given: dict[tuple[str, str], set[str]] = {}
    for run in runs:
        for name, value in run.values.items():
            given.setdefault((name, run.lesson.name), set()).add(repr(value))
    return list(
        dict.fromkeys(
            name for (name, _), values in given.items() if len(values) > 1 and name != "seed"
        )
    )


def read_sweep(path: Path, many: bool = False) -> list[Planned]:
    """The runs of a sweep file, each checked against what its lesson declares, in a fixed order.

    Raises ParameterError with the line for unknown parts, values that a lesson refuses, empty
    lists, a parameter set twice and notebooks from other folders, and for more than `MANY` runs
    unless `many` are meant; CourseError for an unknown lesson.
    """
    sections = read_yaml(path, "sweep file").items("the file")
    for name, node in sections.items():
        if name not in SECTIONS:
            raise node.error(f"`{name}` is no part of a sweep: use {', '.join(SECTIONS)}.")
    if "lessons" not in sections:
        raise ParameterError(f"sweep file {path} names no lesson: add a line `lessons: 03`.")
    node = sections["lessons"]
    names = [node] if node.is_single else node.entries("`lessons`")
    lessons = find_lessons([name.text("a lesson") for name in names])
    for lesson in lessons:
        _check_folder(lesson, path, sections["lessons"])
        _check_lesson(lesson, sections["lessons"])
    count = sum(_count(sections, lesson) for lesson in lessons)
    if count > MANY and not many:
        raise ParameterError(
            f"sweep file {path} asks for {count:,} runs, and more than {MANY:,} are rarely meant: "
            "give --yes where they are."
        )
    limit = sections.get("cell_seconds")
    cell_seconds = limit.whole("`cell_seconds`", 1) if limit else None
    package = package_hash()
    planned: dict[str, Planned] = {}
    for lesson in lessons:
        text, code = without_outputs(lesson.path)
        for values in _combinations(sections, lesson):
            identity = json.dumps([code, values, package], sort_keys=True, separators=(",", ":"))
            digits = hashlib.sha256(identity.encode()).hexdigest()[:DIGITS]
            name = f"{lesson.name}-{digits}"
            # Draws from a short list repeat themselves, and a run need not be made twice.
            planned.setdefault(name, Planned(name, lesson, text, values, package, cell_seconds))
    return list(planned.values())


def _count(sections: Mapping[str, Node], lesson: Lesson) -> int:
    """How many runs of a lesson the file asks for, before they are spread out."""
    lists = dict(sections["grid"].items("`grid`")) if "grid" in sections else {}
    lists |= {"list": sections["list"]} if "list" in sections else {}
    count = math.prod(len(node.entries(f"`{name}`")) for name, node in lists.items())
    if "random" in sections:
        count *= _draws(sections["random"])
    return count * len(_seeds(sections.get("seeds"), lesson))


def _check_folder(lesson: Lesson, file: Path, node: Node) -> None:
    """Refuse a notebook from elsewhere: a sweep file may come from anybody, and runs it."""
    own = (Path(), file.parent, *brought_along())
    if not any(lesson.path.resolve().is_relative_to(folder.resolve()) for folder in own):
        raise node.error(
            f"notebook {lesson.path} lies outside of this folder and of the sweep file's: copy it "
            "into one of them."
        )


def _check_lesson(lesson: Lesson, node: Node) -> None:
    """Refuse a lesson that a sweep could not run, or whose runs no table could hold."""
    if missing := {"seed", "folder"} - lesson.parameters.keys():
        raise node.error(f"lesson {lesson.name} declares no `{min(missing)}`: add it there.")
    if taken := set(COLUMNS) & lesson.parameters.keys():
        raise node.error(
            f"lesson {lesson.name} has a parameter `{min(taken)}`, which a column of the report "
            "is called: rename it."
        )


def _combinations(sections: Mapping[str, Node], lesson: Lesson) -> Iterator[dict[str, Any]]:
    """All parameters but `folder` of every run of one lesson; the seeds vary fastest."""
    axes: list[list[dict[str, Any]]] = []
    if "set" in sections:
        axes.append([_checked_items(sections["set"], lesson, "`set`")])
    if "grid" in sections:
        for name, node in sections["grid"].items("`grid`").items():
            values = node.entries(f"`{name}`")
            axes.append([{name: _checked(value, lesson, name)} for value in values])
    if "list" in sections:
        rows = sections["list"].entries("`list`")
        axes.append([_checked_items(row, lesson, "an entry of `list`") for row in rows])
    if "random" in sections:
        axes.append(_drawn(sections["random"], lesson))
    seen: set[str] = set()
    for axis in axes:
        names = {name for entry in axis for name in entry}
        if twice := seen & names:
            raise sections["lessons"].error(
                f"`{min(twice)}` stands in two parts of the file: keep one of them."
            )
        seen |= names
    axes.append([{"seed": seed} for seed in _seeds(sections.get("seeds"), lesson)])
    defaults = {name: item.default for name, item in lesson.parameters.items() if name != "folder"}
    for parts in itertools.product(*axes):
        given = {name: value for part in parts for name, value in part.items()}
        values = {**defaults, **given}
        try:
            check_together(lesson.parameters, values)
        except ParameterError as error:
            file = sections["lessons"].file
            raise ParameterError(f"{file}: lesson {lesson.name}: {error}") from None
        if values.get("precision") == "auto":
            raise sections["lessons"].error(
                f"lesson {lesson.name} would measure its `precision` anew in each run, and runs in "
                "two formats cannot be compared: set it to float32 or bfloat16."
            )
        yield values


def _drawn(node: Node, lesson: Lesson) -> list[dict[str, Any]]:
    """The draws of a `random` part, from its own seed."""
    items = node.items("`random`")
    del items["draws"]
    rng = np.random.default_rng(items.pop("seed").whole("`seed`", 0) if "seed" in items else 0)
    return [
        {name: _draw(value, lesson, name, rng) for name, value in items.items()}
        for _ in range(_draws(node))
    ]


def _draws(node: Node) -> int:
    """How many draws a `random` part asks for."""
    items = node.items("`random`")
    if "draws" not in items:
        raise node.error("`random` does not say how many: add `draws: 20`.")
    return items["draws"].whole("`draws`", 1)


def _draw(node: Node, lesson: Lesson, name: str, rng: np.random.Generator) -> Any:
    """One value: of a list, or between two bounds, both included."""
    parameter = _declared(node, lesson, name)
    if node.is_list:
        values = [_value(value, lesson, name) for value in node.entries(f"`{name}`")]
        return values[rng.integers(len(values))]
    items = node.items(f"`{name}`")
    if not {"low", "high"} <= items.keys() <= {"low", "high", "scale"}:
        raise node.error(f"`{name}` needs low and high, and may have a scale: {{low: 1, high: 9}}.")
    low, high = (_value(items[end], lesson, name) for end in ("low", "high"))
    scale = items["scale"].text("scale") if "scale" in items else "linear"
    numeric = parameter.type in (int, float) and not parameter.choices
    if not numeric or scale not in SCALES or not low < high < LARGEST_EXACT:
        raise node.error(
            f"`{name}` cannot be drawn so: give numbers, low < high, and a scale of "
            f"{' or '.join(SCALES)}, or a list to draw from."
        )
    if scale == "log" and low <= 0:
        raise node.error(f"`{name}` is drawn on a log scale from {low}: start above 0.")
    unit = parameter.unit
    if scale == "log":
        drawn = math.exp(rng.uniform(math.log(low), math.log(high)))
    elif parameter.type is int:
        ends = low // unit, high // unit
        return unit * int(rng.integers(*ends, endpoint=True))
    else:
        drawn = rng.uniform(low, high)
    # Six digits are enough for a step size, and can be read and typed again.
    rounded = unit * round(drawn / unit) if parameter.type is int else float(f"{drawn:.6g}")
    return min(max(rounded, low), high)


def _seeds(node: Node | None, lesson: Lesson) -> Sequence[int]:
    if node is None:
        return [lesson.parameters["seed"].default]
    if node.is_single:
        last = node.whole("`seeds`", 1) - 1
        for seed in {0, last}:
            _allowed(node, lesson, "seed", seed)
        return range(last + 1)
    return [_value(seed, lesson, "seed") for seed in node.entries("`seeds`")]


def _declared(node: Node, lesson: Lesson, name: str) -> Parameter:
    """What the lesson declares of a parameter that a sweep may set."""
    if name == "folder":
        raise node.error("`folder` is given to each run by the sweep: delete the line.")
    if name == "seed":
        raise node.error("`seed` is for all runs: write `seeds: [7]` outside of this part.")
    if name not in lesson.parameters:
        raise node.error(f"lesson {lesson.name}: {unknown(lesson.parameters, name)}")
    return lesson.parameters[name]


def _checked(node: Node, lesson: Lesson, name: str) -> Any:
    """A parameter's value in the type that the lesson declares."""
    _declared(node, lesson, name)
    return _value(node, lesson, name)


def _value(node: Node, lesson: Lesson, name: str) -> Any:
    return _allowed(node, lesson, name, node.text(f"`{name}`"))


def _allowed(node: Node, lesson: Lesson, name: str, value: Any) -> Any:
    """A value in the type that the lesson declares; ParameterError with the line of `node`."""
    try:
        return check(lesson.parameters, {name: value})[name]
    except ParameterError as error:
        raise node.error(f"lesson {lesson.name}: {error}") from None


def _checked_items(node: Node, lesson: Lesson, what: str) -> dict[str, Any]:
    return {name: _checked(value, lesson, name) for name, value in node.items(what).items()}
