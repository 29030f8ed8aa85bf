"""The decks show figures that their lessons make, and a fault is told with its line."""

from __future__ import annotations

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
            words = [slides.NOTES.sub("", slide.text).split() for slide in (one, other)]
            assert words[0] == words[1]
        begin = text.index("\n## ")
        assert slides.notes_first(text)[:begin] == text[:begin]
