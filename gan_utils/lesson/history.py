"""What a notebook has run so far, and the parameters cell among it."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_utils.errors import ParameterError
from gan_utils.lesson.declarations import read_parameters
from gan_utils.lesson.parameters import Parameter


def running_shell() -> Any:
    """The running IPython shell; ParameterError where there is none."""
    # IPython runs wherever a notebook runs, so looking it up loads nothing.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None:
        raise ParameterError(
            "start() found no notebook: call it in Jupyter, Colab or papermill, "
            "in the cell after the parameters."
        )
    return shell


def sources(shell: Any) -> list[str]:
    """What the notebook has run so far, oldest first.

    nbval runs cells without keeping them in the history `In`; there what IPython compiled, which
    it keeps for tracebacks under names that are no files, comes to help.
    """
    if kept := [source for source in shell.user_ns.get("In", ()) if source.strip()]:
        return kept
    entries = [(name, entry[2]) for name, entry in linecache.cache.items() if len(entry) == 4]
    return ["".join(lines) for name, lines in entries if not Path(name).exists()]


def find_parameters(history: Sequence[str]) -> tuple[dict[str, Parameter], list[str]]:
    """The newest parameters cell of the history, read, and the names injected after it.

    A parameters cell holds annotated assignments only, `seed` and `folder` among them; papermill
    injects a cell of plain assignments headed "# Parameters".
    """
    injected: list[str] = []
    for source in reversed(history):
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            continue
        annotated = [item for item in statements if isinstance(item, ast.AnnAssign)]
        names = {ast.unparse(item.target) for item in annotated}
        if len(annotated) == len(statements) and {"seed", "folder"} <= names:
            return read_parameters(source), injected
        plain = [item for item in statements if isinstance(item, ast.Assign)]
        if source.lstrip().startswith("# Parameters") and len(plain) == len(statements):
            injected += [ast.unparse(item.targets[0]) for item in plain]
    raise ParameterError(
        "start() found no parameters: first run the cell tagged `parameters`, which declares "
        "`seed` and `folder` among its annotated assignments."
    )
