"""The stored notebooks keep the rules, and the checks of those rules find what breaks them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks
from gan_utils import __version__
from notebook_rules import colab_address, problems

pytestmark = pytest.mark.repository

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

STUDIES = sorted((ROOT / "notebooks" / "studies").glob("*.ipynb"))


def test_lessons_are_numbered_without_gaps():
    assert LESSONS, "notebooks/ holds no lesson"
    assert [path.name[:2] for path in LESSONS] == [f"{n + 1:02}" for n in range(len(LESSONS))]


@pytest.mark.parametrize("path", [*LESSONS, *STUDIES], ids=lambda path: path.stem)
def test_lesson_keeps_the_rules(path):
    assert problems(path, REPOSITORY, __version__) == []


# The rest tries the checks themselves on a small sound notebook and on one copy for each defect.

NAME = "07_small.ipynb"
BADGE = f"[![Open in Colab](badge.svg)]({colab_address(REPOSITORY, __version__, NAME)})"
PARAMETERS = 'seed: int = 0  # random seed [0, inf)\nfolder: str = ""  # folder for the files'
INSTALL, SETTINGS, SUM, PICTURE, PAGE = 1, 2, 3, 4, 5


def sound_notebook() -> nbformat.NotebookNode:
    picture = new_output(
        "display_data",
        {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"},
        metadata={"image/png": {"alt": "Two curves that cross at one half"}},
    )
    page = new_output("display_data", {"text/html": '<img src="a.gif" alt="Points that circle">'})
    notebook = new_notebook(
        cells=[
            new_markdown_cell(f"# 07 · A small lesson\n\n{BADGE}\n\n![a plan](plan.svg)"),
            new_code_cell(f'%pip install "gan-course @ git+{REPOSITORY}@v{__version__}"'),
            new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            new_code_cell(
                "# NBVAL_CHECK_OUTPUT\nprint(1 + 1)",
                outputs=[new_output("stream", name="stdout", text="2\n")],
            ),
            new_code_cell("run.save(figure, 'curves', alt='Two curves')", outputs=[picture]),
            new_code_cell("gan.compile(optimizer)\ndisplay(page)", outputs=[page]),
        ],
        metadata={"language_info": {"name": "python"}},
    )
    for count, cell in enumerate(notebook.cells[1:], 1):
        cell.execution_count = count
    return notebook


def found(tmp_path: Path, notebook: nbformat.NotebookNode) -> list[str]:
    path = tmp_path / NAME
    # Not nbformat.write, which would mend some of the defects.
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return problems(path, REPOSITORY, __version__)


def test_sound_notebook_has_no_problem(tmp_path):
    assert found(tmp_path, sound_notebook()) == []


def _edit(index, old, new):
    def change(notebook):
        assert old in notebook.cells[index].source
        notebook.cells[index].source = notebook.cells[index].source.replace(old, new)

    return change


def _set(index, **values):
    return lambda notebook: notebook.cells[index].update(values)


def _store(index, output):
    return lambda notebook: notebook.cells[index].outputs.append(output)


def _add(source, outputs=(), **metadata):
    def change(notebook):
        cell = new_code_cell(source, execution_count=6, outputs=list(outputs), metadata=metadata)
        notebook.cells.append(cell)

    return change


def _describe(index, key, value):
    def change(notebook):
        notebook.cells[index].outputs[0][key] = value

    return change


ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
WARNING = new_output("stream", name="stderr", text="careful\n")
HOME = new_output("stream", name="stdout", text="saved to /somebody/runs/3\n")
RESULT = new_output("execute_result", {"text/plain": "PosixPath('/somebody/runs/3')"})
IMAGE = new_output("display_data", {"image/png": "iVBORw0KGgo="})
SECOND_SETTINGS = {"tags": ["parameters"]}

DEFECTS = {
    "no number in the title": (_edit(0, "07 · ", ""), "its first line is"),
    "another number": (_edit(0, "# 07", "# 08"), "its first line is"),
    "no badge": (_edit(0, BADGE, ""), "its Colab badge leads to nothing"),
    "badge of another version": (_edit(0, f"v{__version__}", "v9.9.9"), "its Colab badge"),
    "badge of another lesson": (_edit(0, NAME, "06_other.ipynb"), "its Colab badge"),
    "badge of another project": (_edit(0, "/gan-course/blob", "/fork/blob"), "its Colab badge"),
    "tag of another version": (_edit(INSTALL, f"@v{__version__}", "@v9.9.9"), "its code installs"),
    "no tag": (_edit(INSTALL, f"@v{__version__}", ""), "its code installs"),
    "no installing cell": (_edit(INSTALL, "git+", ""), "its code installs nothing"),
    "no parameters cell": (_set(SETTINGS, metadata={}), "0 cells are tagged"),
    "two parameters cells": (_add("steps = 1", **SECOND_SETTINGS), "2 cells are tagged"),
    "no seed": (_edit(SETTINGS, "seed", "start"), "its parameters lack seed"),
    "no type": (_edit(SETTINGS, "seed: int", "seed"), "line 1 of the parameters cell"),
    "a computed default": (_edit(SETTINGS, "= 0", "= 1 - 1"), "line 1 of the parameters cell"),
    "no help": (_edit(SETTINGS, "  # folder for the files", ""), "line 2 of the parameters cell"),
    "default outside its range": (_edit(SETTINGS, "= 0", "= -1"), "line 1 of the parameters cell"),
    "import among parameters": (_edit(SETTINGS, "seed:", "import os\nseed:"), "line 1 of the"),
    "never executed": (_set(SUM, execution_count=None), "code cell 3 was never executed"),
    "executed out of order": (_set(SUM, execution_count=9), "its execution counts are"),
    "an error": (_store(SUM, ERROR), "code cell 3 stores an error"),
    "stderr": (_store(SUM, WARNING), "code cell 3 stores what was written to stderr"),
    "printed nothing": (_edit(INSTALL, "%pip", "print(1)\n%pip"), "code cell 1 shows something"),
    "printed nothing in a loop": (_add("for i in range(3):\n    print(i)"), "code cell 6 shows"),
    "showed no value": (_add("total = 3\ntotal"), "code cell 6 shows something"),
    "saved no picture": (_set(PICTURE, outputs=[]), "code cell 4 shows something"),
    "checked without text": (_add("f()  # NBVAL_CHECK_OUTPUT"), "and stores no text"),
    "picture undescribed": (_describe(PICTURE, "metadata", {}), "code cell 4 shows a picture"),
    "picture described by a space": (
        _describe(PICTURE, "metadata", {"image/png": {"alt": " "}}),
        "code cell 4 shows a picture without",
    ),
    "another picture undescribed": (_store(SUM, IMAGE), "code cell 3 shows a picture"),
    "image tag undescribed": (
        _describe(PAGE, "data", {"text/html": '<img src="a.gif">'}),
        "code cell 5 shows a picture without",
    ),
    "image tag with an empty description": (
        _describe(PAGE, "data", {"text/html": '<img src="a.gif" alt="">'}),
        "code cell 5 shows a picture without",
    ),
    "picture in the text undescribed": (_edit(0, "[a plan]", "[]"), "a text cell shows a picture"),
    "text of another size": (_add("axes.set_title('a', fontsize=8)"), "sets the size of a picture"),
    "absolute path in code": (_add("open('/somebody/notes/x.txt')"), "holds the absolute path"),
    "absolute path in text": (_edit(0, "A small", "`/somebody/notes`"), "the absolute path /some"),
    "absolute path printed": (_store(SUM, HOME), "cell 4 holds the absolute path /somebody/runs/3"),
    "absolute path as a result": (_store(SUM, RESULT), "holds the absolute path /somebody/runs/3"),
    "path of another system": (_edit(0, "A small", r"C:\Users\me"), "holds the absolute path"),
    "times of cells": (_set(SUM, metadata={"execution": {}}), "it holds execution"),
    "papermill's marks": (_set(SUM, metadata={"papermill": {}}), "it holds papermill"),
    "widget state": (lambda n: n.metadata.update(widgets={}), "it holds widgets"),
    "a widget of another kernel": (
        lambda n: n.cells[PICTURE].outputs[0].data.update({notebooks.WIDGET: {"model_id": "a"}}),
        "it holds widgets",
    ),
    "version of Python": (
        lambda n: n.metadata.language_info.update(version="3.11.7"),
        "it holds language_info.version",
    ),
    "repeated ids": (lambda n: n.cells[SUM].update(id=n.cells[PICTURE].id), "its cell ids are"),
    "no id": (lambda n: n.cells[SUM].pop("id"), "its cell ids are missing or repeated: None"),
}


@pytest.mark.parametrize(("change", "message"), DEFECTS.values(), ids=DEFECTS)
def test_defect_is_found(tmp_path, change, message):
    notebook = sound_notebook()
    change(notebook)
    assert any(message in problem for problem in found(tmp_path, notebook))


def test_notebook_without_pictures_is_found(tmp_path):
    notebook = sound_notebook()
    for cell in (notebook.cells[PICTURE], notebook.cells[PAGE]):
        cell.update(source="train()", outputs=[])
    assert found(tmp_path, notebook) == ["it stores no picture"]


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np",
        "def double(x):\n    print(x)\n    return 2 * x",
        "if missing:\n    print('installing')",
        "gan.compile(optimizer)",
        "gan.fit(images);",
        "history;",
        '"""Only a note."""',
        "assert 1 / 2 / 4 == 1/8",
        "# see https://example.org/a/b/c and runs/a/b, and/or ../data/a",
        "%matplotlib inline",
    ],
)
def test_silent_cell_needs_no_output(tmp_path, source):
    notebook = sound_notebook()
    _add(source)(notebook)
    assert found(tmp_path, notebook) == []


def test_picture_inside_a_page_is_no_path(tmp_path):
    notebook = sound_notebook()
    page = '<p>a</p><img src="data:image/gif;base64,/a/b/c+d/e=" alt="Points that circle">'
    notebook.cells[PAGE].outputs[0].data["text/html"] = page
    assert found(tmp_path, notebook) == []


def worn_notebook() -> nbformat.NotebookNode:
    """The small notebook with everything that Jupyter and papermill may leave in a file."""
    notebook = sound_notebook()
    notebook.metadata.update(widgets={"state": {}}, papermill={"duration": 3.0})
    notebook.metadata.language_info.version = "3.12.1"
    notebook.cells[SETTINGS].metadata.update(papermill={"status": "completed"}, execution={})
    return notebook


def test_clean_replaces_a_widget_by_words(tmp_path):
    notebook = sound_notebook()
    view = nbformat.v4.new_output("display_data", {notebooks.WIDGET: {}, "text/plain": "Lab(…)"})
    view.data[notebooks.WIDGET] = {"model_id": "a"}
    notebook.cells[PICTURE].outputs = [view]
    notebooks.clean(notebook)
    assert notebook.cells[PICTURE].outputs[0].data == {"text/plain": notebooks.INSTEAD}


def test_clean_removes_what_is_volatile_and_nothing_else(tmp_path):
    path = tmp_path / NAME
    sound, worn = sound_notebook(), worn_notebook()
    for index, cell in enumerate(sound.cells):
        cell.id = worn.cells[index].id = f"cell-{index}"
    path.write_text(nbformat.writes(worn), encoding="utf-8")
    assert notebooks.main(["clean", str(path)]) == 0
    assert nbformat.read(path, as_version=4) == sound
    assert problems(path, REPOSITORY, __version__) == []


def test_clean_leaves_a_clean_file_alone(tmp_path):
    path = tmp_path / NAME
    path.write_text(nbformat.writes(sound_notebook(), indent=3), encoding="utf-8")
    before = path.read_bytes()
    assert not notebooks.clean_file(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [None, "", '{"cells": [', "not a notebook"])
def test_clean_names_a_file_that_is_no_notebook(tmp_path, capsys, content):
    path = tmp_path / NAME
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert notebooks.main(["clean", str(path)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("Error: ") and NAME in message and message.count("\n") == 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two tiny notebooks that were never executed, in the place of the lessons."""
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    for name, source in (("01_sum.ipynb", "6 * 7"), ("02_division.ipynb", "print(1)\n1 / 0")):
        cells = [new_code_cell("import os"), new_code_cell(source)]
        nbformat.write(new_notebook(cells=cells), tmp_path / name)
    return tmp_path


def test_execute_stores_outputs_and_nothing_volatile(folder):
    assert notebooks.main(["execute", "01"]) == 0
    stored = nbformat.read(folder / "01_sum.ipynb", as_version=4)
    assert [cell.execution_count for cell in stored.cells] == [1, 2]
    assert stored.cells[1].outputs[0].data["text/plain"] == "42"
    clean_copy = nbformat.from_dict(stored)
    notebooks.clean(clean_copy)
    assert clean_copy == stored


def test_execute_leaves_a_failing_notebook_as_it_was(folder, capsys):
    before = (folder / "02_division.ipynb").read_bytes()
    assert notebooks.main(["execute"]) == 1
    assert "02_division.ipynb stopped with ZeroDivisionError" in capsys.readouterr().err
    assert (folder / "02_division.ipynb").read_bytes() == before
    assert [path.name for path in sorted(folder.iterdir())] == ["01_sum.ipynb", "02_division.ipynb"]


def test_execute_names_a_lesson_that_is_not_there(folder, capsys):
    assert notebooks.main(["execute", "09"]) == 1
    assert capsys.readouterr().err == (
        "Error: No notebook begins with `09`; there are: 01_sum, 02_division.\n"
    )
