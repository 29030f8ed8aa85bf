"""The decks show figures that their lessons make, and a fault is told with its line."""

from __future__ import annotations

import json
import os
import shutil

import pytest

pytestmark = pytest.mark.repository
slides = pytest.importorskip("slides", reason="tools/ lies in the checkout")

DECKS = sorted(slides.DECKS.glob("*.md"))
NOTES = "::: notes\nThree minutes. Say what is to be said, and ask what is to be asked.\n:::\n"
SOUND = f"---\ntitle: T\n---\n\n## One\n\n$x$ and $$y^2$$\n\n{NOTES}\n## Two\n\nWords.\n\n{NOTES}"


@pytest.fixture
def no_formulas(monkeypatch):
    """Formulas are not looked at, which needs node and a package of the npm registry."""
    monkeypatch.setattr(slides, "faulty", lambda formulas, vendor: None)


@pytest.mark.parametrize("deck", DECKS, ids=lambda path: path.stem)
def test_deck_is_sound(deck, no_formulas, tmp_path):
    slides.check(deck, tmp_path)
    assert 15 <= len(slides.slides_of(deck.read_text(encoding="utf-8"))) <= 25


def test_there_is_an_opening_lecture_and_a_deck_for_each_lesson():
    lessons = sorted(slides.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    assert [deck.stem for deck in DECKS] == ["00_what_gans_are", *(path.stem for path in lessons)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("## ", "# ", "line 1: no slide begins with `## `"),
        (NOTES, "", "line 5: the slide `One` has no notes"),
        ("Words.", "![](figure:01_minimax/ring)", "line 15: the picture has no alternative text"),
        ("Words.", "![a](ring.png)", "line 15: the picture ring.png is no figure:LESSON/NAME"),
        ("Words.", "![a](figure:01_minimax/rings)", "saves no picture `rings`; it has best_discr"),
        ("Words.", "![a](figure:99_none/ring)", "line 15: there is no lesson 99_none"),
    ],
)
def test_fault_is_told_with_its_line(tmp_path, no_formulas, old, new, told):
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND.replace(old, new), encoding="utf-8")
    with pytest.raises(slides.SlidesError, match=r"^07_new\.md, line ") as caught:
        slides.check(deck, tmp_path)
    assert told in str(caught.value)


CODE = """
```python
## no slide
price = "$x$ and $$"  # ![](nothing.png)
```

~~~
::: notes
:::
~~~

`$a` and ``b`$ `` and `## c`.
"""


def test_code_is_no_heading_formula_figure_or_note(tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr(slides, "faulty", lambda formulas, vendor: found.extend(formulas))
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND.replace("Words.", CODE + "$z$"), encoding="utf-8")
    slides.check(deck, tmp_path)
    assert [tex for _, tex, _ in found] == ["x", "y^2", "z"]
    text = slides.read(deck)
    assert [slide.title for slide in slides.slides_of(text)] == ["One", "Two"]
    assert slides.notes_first(text).count(CODE) == 1
    fenced = "![a](figure:01/a)\n```\n![a](figure:01/a)\n```\n`![a](figure:01/a)`"
    assert slides.replaced(slides.TARGET, lambda _: "b", fenced) == (
        "![a](b)\n```\n![a](figure:01/a)\n```\n`![a](figure:01/a)`"
    )


def test_a_code_block_that_is_not_closed_ends_with_the_deck():
    assert len(slides.slides_of("## One\n\n```\n## Two\n\n## Three\n")) == 1
    assert len(slides.slides_of("## One `\n\n## Two `\n")) == 2  # two ticks of two paragraphs


def test_a_deck_of_another_encoding_is_named_with_its_line(tmp_path, no_formulas):
    deck = tmp_path / "07_new.md"
    deck.write_bytes(SOUND.replace("Words.", "Größe.").encode("latin-1"))
    with pytest.raises(slides.SlidesError, match=r"^07_new\.md, line 15: this is not UTF-8: save"):
        slides.check(deck, tmp_path)
    deck.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode())
    slides.check(deck, tmp_path)
    assert slides.read(deck) == SOUND


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-40],
        lambda text: "[1, 2]",
        lambda text: text.replace('"cells"', '"sells"'),
        lambda text: text.replace("AAAA", "A"),
        lambda text: text.replace("run.save(", "run.save(("),
    ],
)
def test_a_figure_of_a_damaged_notebook_is_one_sentence(tmp_path, no_formulas, monkeypatch, damage):
    monkeypatch.setattr(slides, "NOTEBOOKS", tmp_path)
    output = {"output_type": "display_data", "data": {"image/png": "AAAA"}, "metadata": {}}
    cell = {"cell_type": "code", "source": 'run.save(f, "ring", "")', "outputs": [output]}
    whole = json.dumps({"cells": [cell]})
    notebook = tmp_path / "01_whole.ipynb"
    notebook.write_text(whole)
    assert slides.figure("figure:01_whole/ring", "here") == b"\0\0\0"
    (tmp_path / "01_torn.ipynb").write_text(damage(whole))
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND.replace("Words.", "![a](figure:01_torn/ring)"), encoding="utf-8")
    slides.pictures.cache_clear()
    with pytest.raises(slides.SlidesError) as caught:
        slides.check(deck, tmp_path)
    begins = "07_new.md, line 15: the notebook of lesson 01_torn is damaged ("
    assert str(caught.value).startswith(begins) and "\n" not in str(caught.value)


def program(folder, name, script):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


ENDS = {
    "echo 'out of luck' >&2; exit 3": "ended with exit code 3: out of luck",
    "kill -9 $$": "was killed by signal 9 (SIGKILL), perhaps for want of memory",
    "kill -15 $$": "was killed by signal 15 (SIGTERM)",
}


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize("end", ENDS)
def test_a_program_that_dies_says_why(tmp_path, monkeypatch, end):
    """node, npm, pandoc and chromium, each in three ways."""
    for name in ("node", "npm", "pandoc", "chromium"):
        program(tmp_path / "bin", name, end)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    with pytest.raises(slides.SlidesError) as caught:
        slides.faulty([(3, "x", False)], tmp_path)
    assert str(caught.value) == f"node {ENDS[end]}."
    with pytest.raises(slides.SlidesError) as caught:
        slides.fetch(tmp_path / "vendor")
    assert str(caught.value) == f"npm could not fetch reveal.js 5.2.1: it {ENDS[end]}."
    pypandoc = pytest.importorskip("pypandoc")
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND, encoding="utf-8")
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(tmp_path / "bin" / "pandoc"))
    with pytest.raises(slides.SlidesError) as caught:
        slides.build(deck, tmp_path, tmp_path)
    assert str(caught.value) == f"07_new.md: pandoc {ENDS[end]}."
    pytest.importorskip("playwright")
    page = tmp_path / "07_new.html"
    page.write_text("<p>Words.</p>")
    with pytest.raises(slides.BrowserDied) as caught:
        slides._print(page)
    assert str(caught.value).startswith(f"the browser {ENDS[end]}"), caught.value


def test_programs_that_are_not_there_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(slides.SlidesError, match="node is not here, which checks the formulas"):
        slides.faulty([(3, "x", False)], tmp_path)
    with pytest.raises(slides.SlidesError, match=r"npm is not here, which fetches reveal\.js"):
        slides.fetch(tmp_path / "vendor")
    pypandoc = pytest.importorskip("pypandoc")

    def nowhere():
        raise OSError("No pandoc was found")

    monkeypatch.setattr(pypandoc, "get_pandoc_path", nowhere)
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND, encoding="utf-8")
    with pytest.raises(slides.SlidesError, match="pandoc is not here: run pip install pypandoc"):
        slides.build(deck, tmp_path, tmp_path)


def test_no_such_deck_is_one_sentence(capsys):
    assert slides.main(["99"]) == 1
    assert capsys.readouterr().err == "Error: no deck begins with 99.\n"


def test_formulas_are_found_with_their_lines(tmp_path, monkeypatch):
    found = []
    monkeypatch.setattr(slides, "faulty", lambda formulas, vendor: found.extend(formulas))
    deck = tmp_path / "07_new.md"
    deck.write_text(SOUND.replace("Words.", "A price of \\$5, and $a_1$."), encoding="utf-8")
    slides.check(deck, tmp_path)
    assert found == [(7, "x", False), (7, "y^2", True), (15, "a_1", False)]


@pytest.mark.skipif(not shutil.which("node"), reason="needs the program node")
def test_broken_formula_is_named():
    try:
        vendor = slides.fetch(slides.BUILD / "vendor")
    except slides.SlidesError as error:
        pytest.skip(str(error))
    formulas = [(3, r"\frac{1}{2}", False), (8, r"\frac{1}{", True)]
    line, tex, reason = slides.faulty(formulas, vendor)
    assert (line, tex) == (8, r"\frac{1}{") and "expected '}'" in reason


def test_notes_come_before_every_step():
    """The text of each slide stays, in its order; only its notes move up."""
    for deck in DECKS:
        text = deck.read_text(encoding="utf-8")
        before, after = slides.slides_of(text), slides.slides_of(slides.notes_first(text))
        assert [slide.title for slide in before] == [slide.title for slide in after]
        for one, other in zip(before, after, strict=True):
            assert one.notes == other.notes
            head = other.text.split(". . .")[0]
            assert one.notes.strip() in head
            words = [
                slides.replaced(slides.NOTES, lambda _: "", slide.text).split()
                for slide in (one, other)
            ]
            assert words[0] == words[1]
        begin = text.index("\n## ")
        assert slides.notes_first(text)[:begin] == text[:begin]
