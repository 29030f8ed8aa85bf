"""The lessons as notebooks: found by name, their parameters read, executed by papermill."""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gan_utils.errors import CourseError, OutputError, ParameterError
from gan_utils.parameters import Parameter, read_parameters
from gan_utils.results import read_result, write_atomically

PATTERN = "[0-9][0-9]_*.ipynb"
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Lesson:
    """A lesson's notebook and what its parameters cell declares."""

    path: Path
    parameters: dict[str, Parameter]

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True)
class Outcome:
    """How one lesson went: `error` is empty and `result` is there exactly if it succeeded."""

    lesson: str
    folder: Path
    minutes: float
    error: str
    result: dict[str, Any] | None

    @property
    def notebook(self) -> Path:
        return self.folder / f"{self.lesson}.ipynb"


def find_lessons(names: Sequence[str]) -> list[Lesson]:
    """Find lessons by path, number ("03"), stem, or a beginning that only one stem has.

    "all" stands for every lesson in order.  Looks in ./notebooks, here, and in the checkout that
    this package is part of.  Raises CourseError.
    """
    paths: list[Path] = []
    for name in names:
        paths += _notebooks() if name == "all" else [_notebook(name)]
    stems = [path.stem for path in paths]
    for stem in stems:
        if stems.count(stem) > 1:
            raise CourseError(f"lesson `{stem}` is asked for twice: name it once.")
    return [Lesson(path, _declared(path)) for path in paths]


def read_profile(path: Path) -> dict[str, str]:
    """Read a YAML file of parameters, one `name: value` a line, every value as its text.

    The text is what the reader wrote: YAML itself would take `yes` for true, 010 for 8 and 1:30
    for 90, but the type that a lesson declares knows better.  Raises ParameterError.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ParameterError(f"parameter file {path} cannot be read ({reason}).") from None
    except UnicodeDecodeError:
        raise ParameterError(f"parameter file {path} is not text: save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or "unreadable").split())
        raise ParameterError(
            f"parameter file {path}{line} is not YAML ({reason}): write `name: value` lines."
        ) from None
    if not isinstance(node, yaml.MappingNode):
        raise ParameterError(f"parameter file {path} holds no `name: value` lines: write some.")
    values: dict[str, str] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else "?"
        where = f"parameter file {path}, line {key.start_mark.line + 1}: `{name}`"
        if name in values:
            raise ParameterError(f"{where} is there a second time: keep one of the two.")
        if not isinstance(value, yaml.ScalarNode):
            raise ParameterError(f"{where} is a list or a mapping: give a single value.")
        if value.tag == "tag:yaml.org,2002:null":
            raise ParameterError(f"{where} has no value: give one or delete the line.")
        values[name] = value.value
    return values


def execute(lesson: Lesson, values: Mapping[str, Any], folder: Path) -> Outcome:
    """Run one lesson with papermill in a process of its own, its files in the new `folder`.

    Papermill's own records call the cells of a dead kernel completed, so success is an exit code
    of 0 together with a whole `result.json`.  Raises OutputError before anything ran.
    """
    began = time.monotonic()
    log = folder / "run.log"
    try:
        folder.mkdir(parents=True)
        log.touch()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot make {folder} ({reason}): choose another --out.") from None
    parameters = folder / "parameters.yaml"
    write_atomically(
        parameters,
        yaml.safe_dump({**values, "folder": str(folder)}, allow_unicode=True).encode(),
    )
    outcome = Outcome(lesson.name, folder, 0.0, "", None)
    code = _papermill(lesson.path, outcome.notebook, parameters, log)
    error, result = "", None
    if code:
        error = _last_error(outcome.notebook, log) or f"papermill ended with {code}"
    else:
        try:
            result = read_result(folder)
        except OutputError as missing:
            error = str(missing)
    return Outcome(lesson.name, folder, (time.monotonic() - began) / 60, error, result)


def _papermill(notebook: Path, output: Path, parameters: Path, log: Path) -> int:
    """Run papermill to its end and return its exit code; interrupted, take it along."""
    # Papermill fills in {name} in paths, so braces in a folder's name are doubled.
    source, target = (
        str(path).replace("{", "{{").replace("}", "}}") for path in (notebook, output)
    )
    command = [sys.executable, "-m", "papermill", source, target, "-f", str(parameters),
               "--no-progress-bar", "--no-log-output"]  # fmt: skip
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                # The kernel watches its parent and ends with it.
                process.kill()
                process.wait()


def _last_error(notebook: Path, log: Path) -> str:
    """The error that stopped a notebook, "Name: message", or the log's last line."""
    try:
        cells = _cells(notebook)
    except CourseError:
        cells = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                return _first_line(f"{output['ename']}: {output['evalue']}")
    return _first_line("\n".join(reversed(log.read_text(errors="replace").splitlines())))


def _first_line(text: str) -> str:
    lines = (line.strip() for line in COLOUR_CODES.sub("", text).splitlines())
    return next(filter(None, lines), "")


def _folders() -> list[Path]:
    return [Path("notebooks"), Path(), Path(__file__).resolve().parent.parent / "notebooks"]


def _notebooks() -> list[Path]:
    """Every lesson of the first folder that has any, in order."""
    for folder in _folders():
        if paths := sorted(folder.glob(PATTERN)):
            return paths
    raise CourseError("no lessons found here: name a notebook by its path, or clone the course.")


def _notebook(name: str) -> Path:
    """The notebook that `name` means; CourseError where it means none or several."""
    if name.endswith(".ipynb") and Path(name).is_file():
        return Path(name)
    wanted = f"{int(name):02d}_" if name.isdecimal() else name.removesuffix(".ipynb")
    for folder in _folders():
        stems = {path.stem: path for path in sorted(folder.glob(PATTERN))}
        if wanted in stems:
            return stems[wanted]
        found = [stem for stem in stems if wanted and stem.startswith(wanted)]
        if len(found) > 1:
            raise CourseError(f"lesson `{name}` could be {' or '.join(found)}: write more of it.")
        if found:
            return stems[found[0]]
    stems = [path.stem for path in _notebooks()]
    topics = {stem.split("_", 1)[1]: stem for stem in stems} | {stem: stem for stem in stems}
    near = difflib.get_close_matches(name, topics, n=1, cutoff=0.5)
    hint = f"did you mean `{topics[near[0]]}`?" if near else f"there are {', '.join(stems)}."
    raise CourseError(f"no lesson `{name}`: {hint}")


def _declared(path: Path) -> dict[str, Parameter]:
    """The declarations in the one cell of a notebook that is tagged `parameters`."""
    cells = [
        cell["source"]
        for cell in _cells(path)
        if cell["cell_type"] == "code" and "parameters" in cell["metadata"].get("tags", ())
    ]
    if len(cells) != 1:
        raise ParameterError(
            f"{path} has {len(cells)} code cells tagged `parameters`: it needs exactly one."
        )
    try:
        return read_parameters(cells[0])
    except ParameterError as error:
        raise ParameterError(f"{path}: {error}") from None


def _cells(path: Path) -> list[dict[str, Any]]:
    """The cells of a notebook file, the source of each as one text; CourseError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            {**cell, "metadata": dict(cell["metadata"]), "source": "".join(cell["source"])}
            for cell in content["cells"]
        ]
    except OSError as error:
        reason = error.strerror.lower()
    except (ValueError, LookupError, TypeError):
        reason = "it is no notebook of format 4"
    raise CourseError(f"{path} cannot be read ({reason}): restore the file.")
