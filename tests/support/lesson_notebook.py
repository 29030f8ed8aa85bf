"""What the tests of a lesson read from its notebook: functions, exercises, solutions."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


class Written(NamedTuple):
    """An exercise as a notebook has it.

    lesson: the notebook's name. cell: the source of its cell. stub: the function in it, without
    comments. solution: the code that is folded in the next cell.
    """

    lesson: str
    cell: str
    stub: str
    solution: str


def read_cells(lesson: str) -> list:
    """The cells of notebooks/<lesson>.ipynb."""
    return nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells


def define_functions(cells, names: dict) -> dict:
    """`names` with a lesson's parameters, imports, functions and classes, without running it."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    for cell in cells:
        if cell.cell_type == "code" and "%pip" not in cell.source:
            declares = "parameters" in cell.metadata.get("tags", ())
            for item in ast.parse(cell.source).body:
                if isinstance(item, kinds) or declares:
                    exec(ast.unparse(item), names)
    return names


def written_exercises(lesson: str) -> dict[str, Written]:
    """The exercises of notebooks/<lesson>.ipynb by the names of their functions."""
    written = {}
    for cell, after in pairwise(read_cells(lesson)):
        if cell.cell_type == "code" and "raise NotImplementedError" in cell.source:
            body = ast.parse(cell.source).body
            (stub,) = (item for item in body if isinstance(item, ast.FunctionDef))
            folded = re.match(r"<details>.*?```python\n(.*?)```.*?</details>", after.source, re.S)
            solution = folded[1] if folded else ""
            written[stub.name] = Written(lesson, cell.source, ast.unparse(stub), solution)
    return written
