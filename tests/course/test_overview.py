"""The page about a batch of lessons: what it shows of each, and of what is missing."""

from __future__ import annotations

import base64
import re

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

pytest.importorskip("nbconvert")
pytest.importorskip("math_core")

from gan_utils.course.notebooks import Outcome
from gan_utils.course.overview import write_overview

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def _result(**changes):
    return {
        "parameters": {"seed": 0, "note": "</script>"}, "scores": [], "pictures": [],
        "minutes": 1.0, "package": "0.2.0", "machine": {"cpus": 2, "platform": "Linux",
        "accelerators": []}, "versions": {"python": "3", "tensorflow": "2", "keras": "3"},
        **changes,
    }  # fmt: skip


def test_overview_shows_what_is_there_and_says_what_is_not(tmp_path):
    done, torn = tmp_path / "01_done", tmp_path / "02_torn"
    for folder in (done, torn):
        folder.mkdir()
    lesson = new_notebook(cells=[new_markdown_cell("# 01 · Lesson <01_done>, $h^2$ for $5")])
    nbformat.write(lesson, done / "01_done.ipynb")
    (torn / "02_torn.ipynb").write_text('{"cells": [')
    (done / "here.gif").write_bytes(PIXEL)
    (tmp_path / "secret.gif").write_bytes(PIXEL + b"secret")
    pictures = [
        {"name": "here", "file": "here.gif", "alt": 'A "dot" of $x$'},
        {"name": "gone", "file": "gone.png", "alt": "Nothing"},
        {"name": "outside", "file": "../secret.gif", "alt": "Elsewhere"},
    ]
    outcomes = [
        Outcome("01_done", done, 1.5, "", _result(pictures=pictures)),
        Outcome("02_torn", torn, 0.5, "ValueError: <b>no</b>", None),
    ]
    page = write_overview(tmp_path, outcomes).read_text(encoding="utf-8")
    assert page.count("data:image/gif;base64,") == 1
    assert base64.b64encode(PIXEL).decode() in page
    assert 'alt="A &#34;dot&#34; of $x$"' in page
    assert "<figcaption>A &#34;dot&#34; of <math><mi>x</mi></math></figcaption>" in page
    assert "The picture gone.png is missing" in page
    assert "1 of 2" in page and "2.0" in page
    assert (
        "01 · Lesson &lt;01_done&gt;, <math><msup><mi>h</mi><mn>2</mn></msup></math> for $5" in page
    )
    assert "ValueError: &lt;b&gt;no&lt;/b&gt;" in page
    links = re.findall(r'href="([^"]*)"', page)
    assert links == ["01_done/01_done.html", "01_done/01_done.ipynb", "02_torn/run.log"]
    assert not re.search(r"(src|href)=\"?(https?:)?//|<script", page)
