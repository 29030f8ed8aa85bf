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
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gan_utils.bundle import data_dir
from gan_utils.errors import ParameterError
from gan_utils.lessons import Lesson, code_of, find_lessons
from gan_utils.parameters import Parameter, check, unknown
from gan_utils.yaml_nodes import Node, read_yaml

SECTIONS = ("lessons", "set", "grid", "list", "random", "seeds")
SCALES = ("linear", "log")
DIGITS = 12


@dataclass(frozen=True)
class Planned:
    """One run of a sweep: its lesson, and all its parameters but `folder`."""

    lesson: Lesson
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The lesson and a hash of all that the result depends on, the same on every machine.

        That is the notebook's code, the parameters, the package's code and the bundled data.
        """
        parts = [code_of(self.lesson.path), dict(self.values), package_hash()]
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return f"{self.lesson.name}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


@cache
def package_hash() -> str:
    """SHA-256 over the package's modules and the checksums of the bundled data."""
    here = Path(__file__).resolve().parent.parent
    files = [*sorted(here.rglob("*.py")), data_dir() / "checksums.json"]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def varied(runs: Sequence[Planned]) -> list[str]:
    """The parameters that differ among the runs of a lesson, `seed` left out, in order."""
    found: dict[tuple[str, str], set[str]] = {}
    for run in runs:
        for name, value in run.values.items():
            found.setdefault((name, run.lesson.name), set()).add(repr(value))
    return list(
        dict.fromkeys(
            name for (name, _), values in found.items() if len(values) > 1 and name != "seed"
        )
    )


def read_sweep(path: Path) -> list[Planned]:
    """The runs of a sweep file, each checked against what its lesson declares, in a fixed order.

    Raises ParameterError with the line for unknown parts, values that a lesson refuses, empty
    lists and a parameter set twice; CourseError for an unknown lesson.
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
    planned: dict[str, Planned] = {}
    for lesson in lessons:
        for values in _combinations(sections, lesson):
            run = Planned(lesson, values)
            # Draws from a short list repeat themselves, and a run need not be made twice.
            planned.setdefault(run.name, run)
    return list(planned.values())


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
            raise next(iter(sections.values())).error(
                f"`{min(twice)}` stands in two parts of the file: keep one of them."
            )
        seen |= names
    axes.append([{"seed": seed} for seed in _seeds(sections.get("seeds"), lesson)])
    defaults = {name: item.default for name, item in lesson.parameters.items() if name != "folder"}
    for parts in itertools.product(*axes):
        given = {name: value for part in parts for name, value in part.items()}
        yield {**defaults, **given}


def _drawn(node: Node, lesson: Lesson) -> list[dict[str, Any]]:
    """The draws of a `random` part, from its own seed."""
    items = node.items("`random`")
    if "draws" not in items:
        raise node.error("`random` does not say how many: add `draws: 20`.")
    draws = items.pop("draws").whole("`draws`", 1)
    rng = np.random.default_rng(items.pop("seed").whole("`seed`", 0) if "seed" in items else 0)
    return [
        {name: _draw(value, lesson, name, rng) for name, value in items.items()}
        for _ in range(draws)
    ]


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
    if parameter.type not in (int, float) or scale not in SCALES or not low < high:
        raise node.error(
            f"`{name}` cannot be drawn so: give numbers, low < high, and a scale of "
            f"{' or '.join(SCALES)}."
        )
    if scale == "log" and low <= 0:
        raise node.error(f"`{name}` is drawn on a log scale from {low}: start above 0.")
    if scale == "log":
        drawn = math.exp(rng.uniform(math.log(low), math.log(high)))
    elif parameter.type is int:
        return int(rng.integers(low, high, endpoint=True))
    else:
        drawn = rng.uniform(low, high)
    # Six digits are enough for a step size, and can be read and typed again.
    return round(drawn) if parameter.type is int else float(f"{drawn:.6g}")


def _seeds(node: Node | None, lesson: Lesson) -> list[int]:
    if node is None:
        return [lesson.parameters["seed"].default]
    if node.is_single:
        return list(range(node.whole("`seeds`", 1)))
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
    text = node.text(f"`{name}`")
    try:
        return check(lesson.parameters, {name: text})[name]
    except ParameterError as error:
        raise node.error(f"lesson {lesson.name}: {error}") from None


def _checked_items(node: Node, lesson: Lesson, what: str) -> dict[str, Any]:
    return {name: _checked(value, lesson, name) for name, value in node.items(what).items()}
