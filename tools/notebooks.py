"""Execute the notebooks in place, and strip from their files what differs from run to run.

    python tools/notebooks.py execute [LESSON ...]   # every lesson, or those whose names begin so
    python tools/notebooks.py clean FILE ...         # pre-commit calls this

Outputs are kept: they are part of the lessons, and nbval compares them with fresh ones.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from gan_utils.course.execution import START_SECONDS
from gan_utils.errors import OutputError
from gan_utils.files import write_atomically

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
# Widget state alone can be larger than the notebook, and GitHub refuses to render it.
VOLATILE_NOTEBOOK = ("widgets", "papermill")
VOLATILE_CELL = ("papermill", "execution")
# What a widget shows lives in its Jupyter kernel: stored, it would be an error in every other one.
WIDGET, INSTEAD = "application/vnd.jupyter.widget-view+json", "A widget: run this cell to use it."


class NotebookError(Exception):
    """What went wrong with a notebook, in one sentence for the reader."""


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove widgets, papermill's marks, times and the version of Python, in place."""
    for name in VOLATILE_NOTEBOOK:
        notebook.metadata.pop(name, None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for name in VOLATILE_CELL:
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", []):
            if output.get("data", {}).pop(WIDGET, None):
                output.data["text/plain"] = INSTEAD


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook of a file in the current format; NotebookError where it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise NotebookError(f"{path} cannot be read as a notebook ({reason}).") from None


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write the notebook so that an interruption leaves the file as it was."""
    write_atomically(path, (nbformat.writes(notebook).rstrip() + "\n").encode())


def clean_file(path: Path) -> bool:
    """Clean the notebook of a file; true where that changed it."""
    notebook = read(path)
    before = nbformat.writes(notebook)
    clean(notebook)
    changed = nbformat.writes(notebook) != before
    if changed:
        write(notebook, path)
    return changed


def find(lessons: Sequence[str]) -> list[Path]:
    """The notebooks whose names begin with one of `lessons`, in reading order; all for none.

    The studies come after the lessons.
    """
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    paths += sorted(NOTEBOOKS.glob("studies/*.ipynb"))
    for lesson in lessons:
        if not any(path.name.startswith(lesson) for path in paths):
            names = ", ".join(path.stem for path in paths) or "none"
            raise NotebookError(f"No notebook begins with `{lesson}`; there are: {names}.")
    return [path for path in paths if not lessons or path.name.startswith(tuple(lessons))]


def execute(path: Path) -> None:
    """Run the notebook with its defaults, beside its file, and store the outputs.

    The file changes only where every cell succeeded; otherwise NotebookError.
    """
    notebook = read(path)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", record_timing=False, resources=resources,
        startup_timeout=START_SECONDS,
        coalesce_streams=True,  # how often a kernel flushes is no part of a lesson
    )  # fmt: skip
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookError(f"{path.name} stopped with {error.ename}: {error.evalue}") from None
    except DeadKernelError:
        raise NotebookError(f"{path.name} lost its kernel, perhaps for want of memory.") from None
    clean(notebook)
    write(notebook, path)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    executing = commands.add_parser("execute", help="run notebooks in place with their defaults")
    executing.add_argument("lessons", nargs="*", metavar="LESSON")
    cleaning = commands.add_parser("clean", help="strip volatile metadata, keeping the outputs")
    cleaning.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        if options.command == "clean":
            for path in options.files:
                if clean_file(path):
                    print(f"cleaned {path}")
        else:
            # The kernels inherit this: TensorFlow's start-up notes name the processor at hand.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
            for path in find(options.lessons):
                print(f"executing {path.name}", flush=True)
                execute(path)
    except (NotebookError, OutputError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
