"""Small lessons that tests write, and the command that runs them in a process of its own."""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """\
seed: int = 0  # random seed [0, inf)
folder: str = ""  # folder for this run's files
epochs: int = 20  # passes over the data [1, 1000]
rate: float = 2e-4  # learning rate (0, 1]
loss: str = "minimax"  # what is minimised {minimax, wasserstein}
average: bool = True  # keep an average
note: str = ""  # any text"""
COURSE = [sys.executable, "-c", "from gan_utils.course.cli import app; app()"]
START = 'from gan_utils.lesson.run import start\n\nrun = start("03_small")'
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def put(path: Path, *cells: str, parameters=PARAMETERS, tags=("parameters",)) -> Path:
    path.parent.mkdir(exist_ok=True)
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# {path.stem[:2]} · Lesson <{path.stem}>"),
            new_code_cell(parameters, metadata={"tags": list(tags)}),
            *map(new_code_cell, cells),
        ],
        metadata={"kernelspec": KERNEL},
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    return path


def environment():
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": root}


def wait(condition, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
