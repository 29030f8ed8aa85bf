"""The page about a batch of lessons: status, minutes, scores and pictures in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat

from gan_utils.course.export import lesson_page
from gan_utils.course.notebooks import Outcome
from gan_utils.course.pages import picture_source, render
from gan_utils.files import write_atomically
from gan_utils.metrics.score import score_text


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
        write_atomically(page, lesson_page(content, outcome.lesson).encode())
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
