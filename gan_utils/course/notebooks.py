"""The lessons as notebooks: looked up by name, their parameters read, executed by papermill."""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gan_utils.course.execution import TOO_LONG, Runner
from gan_utils.course.yaml_nodes import read_yaml
from gan_utils.errors import CourseError, OutputError, ParameterError
from gan_utils.files import write_atomically
from gan_utils.lesson.declarations import read_parameters
from gan_utils.lesson.parameters import Parameter
from gan_utils.lesson.result import read_result

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

    Studies are looked up by their folder and stem, "studies/images"; "all" stands for every lesson
    in order.  Looks in ./notebooks, here, and in what this package brought along.  Raises
    CourseError.
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

    Raises ParameterError.
    """
    items = read_yaml(path, "parameter file").items("the file")
    return {name: node.text(f"`{name}`") for name, node in items.items()}


def execute(
    lesson: Lesson,
    values: Mapping[str, Any],
    folder: Path,
    runner: Runner,
    cell_seconds: int | None = None,
    told: Callable[[dict], None] = lambda cell: None,
) -> Outcome:
    """Run one lesson with papermill in a process of its own, its files in `folder`.

    A cell that takes longer than `cell_seconds` ends the run.  `told` hears of each cell that
    begins, as `Runner.execute` says.  A folder that holds an unfinished
    run of the same values goes on from its last backup.
    Papermill's own notes call the cells of a dead Jupyter kernel completed, so success is a
    notebook executed to its end together with a whole `result.json`.  Raises OutputError before
    anything ran.
    """
    began = time.monotonic()
    log = folder / "run.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log.touch()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot make {folder} ({reason}): choose another --out.") from None
    parameters = {**values, "folder": str(folder)}
    text = yaml.safe_dump(parameters, allow_unicode=True)
    write_atomically(folder / "parameters.yaml", text.encode())
    outcome = Outcome(lesson.name, folder, 0.0, "", None)
    result = None
    error = runner.execute(lesson.path, outcome.notebook, parameters, log, cell_seconds, told)
    if error:
        # Of a cell that took too long the notebook shows only that it was interrupted.
        shown = "" if error.startswith(TOO_LONG) else _error_in(outcome.notebook)
        error = shown or _first_line(error)
    else:
        try:
            result = read_result(folder)
        except OutputError as missing:
            error = str(missing)
    return Outcome(lesson.name, folder, (time.monotonic() - began) / 60, error, result)


def without_outputs(path: Path) -> tuple[str, list[str]]:
    """The text of a notebook without its outputs, and the sources of its code cells."""
    content, cells = _contents(path)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    return json.dumps(content, ensure_ascii=False), code


def _error_in(notebook: Path) -> str:
    """The error that stopped a notebook, "Name: message"; empty where it shows none."""
    try:
        cells = _cells(notebook)
    except CourseError:
        return ""
    for cell in cells:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                return _first_line(f"{output['ename']}: {output['evalue']}")
    return ""


def _first_line(text: str) -> str:
    lines = (line.strip() for line in COLOUR_CODES.sub("", text).splitlines())
    return next(filter(None, lines), "")


def brought_along() -> tuple[Path, Path]:
    """Where the notebooks of this package lie: in a checkout, and where it is installed."""
    package = Path(__file__).resolve().parents[1]
    return package.parent / "notebooks", package / "_notebooks"


def _folders() -> list[Path]:
    return [Path("notebooks"), Path(), *brought_along()]


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
        if (study := folder / f"{name}.ipynb").is_file():
            return study
        stems = {path.stem: path for path in sorted(folder.glob(PATTERN))}
        if wanted in stems:
            return stems[wanted]
        matches = [stem for stem in stems if wanted and stem.startswith(wanted)]
        if len(matches) > 1:
            raise CourseError(f"lesson `{name}` could be {' or '.join(matches)}: write more of it.")
        if matches:
            return stems[matches[0]]
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
        if cell["cell_type"] == "code" and "parameters" in (cell["metadata"].get("tags") or ())
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
    return _contents(path)[1]


def _contents(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A notebook file as it is, and its cells, the source of each as one text; CourseError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content, [
            {**cell, "metadata": dict(cell["metadata"]), "source": "".join(cell["source"])}
            for cell in content["cells"]
        ]
    except OSError as error:
        reason = error.strerror.lower()
    except (ValueError, LookupError, TypeError):
        reason = "it is no notebook of format 4"
    raise CourseError(f"{path} cannot be read ({reason}): restore the file.")
