"""The page about a batch of lessons: status, minutes, scores and pictures in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
from nbconvert import HTMLExporter

from gan_utils.course.notebooks import Outcome
from gan_utils.course.pages import picture_source, render
from gan_utils.files import write_atomically
from gan_utils.lesson.result import score_text


def write_overview(folder: Path, outcomes: Sequence[Outcome]) -> Path:
    """Write a page for each executed notebook and `index.html` over all; return its path.

    Raises OutputError.
    """
    lessons = [_lesson(outcome) for outcome in outcomes]
    text = render(
        "overview.html.j2",
        lessons=lessons,
        succeeded=sum(not outcome.error for outcome in outcomes),
        minutes=sum(outcome.minutes for outcome in outcomes),
        results=[outcome.result for outcome in outcomes if outcome.result],
        score_text=score_text,
    )
    page = folder / "index.html"
    write_atomically(page, text)
    return page


def _lesson(outcome: Outcome) -> dict[str, Any]:
    """What the template shows of one lesson."""
    pictures = []
    for picture in outcome.result["pictures"] if outcome.result else ():
        source = picture_source(outcome.folder, picture["file"])
        pictures.append({**picture, "source": source})
    content = _read(outcome.notebook)
    links = []
    if content:
        page = outcome.notebook.with_suffix(".html")
        write_atomically(page, _notebook_page(content, outcome.lesson).encode())
        links = [(path.suffix, _link(outcome, path)) for path in (page, outcome.notebook)]
    if outcome.error:
        links.append((".log", _link(outcome, outcome.folder / "run.log")))
    return {
        "outcome": outcome,
        "title": _title(content) or outcome.lesson,
        "pictures": pictures,
        "links": links,
    }


def _link(outcome: Outcome, path: Path) -> str:
    return quote(f"{outcome.folder.name}/{path.name}")


def _read(notebook: Path) -> nbformat.NotebookNode | None:
    """The executed notebook, or None where papermill was ended before or while it wrote it."""
    try:
        return nbformat.read(notebook, as_version=4)
    except Exception:  # nbformat raises many kinds for half a file; the lesson's error is shown
        return None


def _title(content: nbformat.NotebookNode | None) -> str:
    """The first heading of a notebook, "01 · Title"; empty where there is none."""
    for cell in content.cells if content else ():
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            return cell.source.splitlines()[0].removeprefix("# ").strip()
    return ""


def _notebook_page(content: nbformat.NotebookNode, name: str) -> str:
    """An executed notebook as a page of HTML.

    Formulas are typeset by MathJax, which a reader's browser fetches where it can; without it
    they stay as they were written, and nothing else on the page needs a network.
    """
    # Live widgets would need a script from the network; their stored pictures do not.
    content.metadata.pop("widgets", None)
    exporter = HTMLExporter(embed_images=True, require_js_url="")
    text, _ = exporter.from_notebook_node(content, {"metadata": {"name": name}})
    return text.replace('<script src=""></script>', "")
