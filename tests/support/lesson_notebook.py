"""What the tests of a lesson read from its notebook: functions, solutions, checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def read_cells(lesson: str) -> list:
    """The cells of notebooks/<lesson>.ipynb."""
    return nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", as_version=4).cells


def define_functions(cells, names: dict) -> dict:
    """`names` with the functions that the lesson defines, without running it."""
    for cell in cells:
        if cell.cell_type == "code" and "%pip" not in cell.source:
            for item in ast.parse(cell.source).body:
                if isinstance(item, ast.FunctionDef):
                    exec(ast.unparse(item), names)
    return names


def solutions(cells) -> list[str]:
    """The blocks of code of the solutions."""
    (text,) = (cell.source for cell in cells if "<summary>Solutions" in cell.source)
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def checks(cells) -> str:
    """The lines that check the exercises, without the stubs above them."""
    (source,) = (cell.source for cell in cells if "def check(" in cell.source)
    return "\n".join(
        ast.unparse(item) for item in ast.parse(source).body if isinstance(item, ast.Expr)
    )
