"""An executed notebook as a page: its formulas against pandoc's, and no script."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

pytest.importorskip("nbconvert")
pytest.importorskip("math_core")
from bs4 import BeautifulSoup, SoupStrainer, Tag

from gan_utils.course.export import lesson_page

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").rglob("[!.]*.ipynb"))
# One sign, two characters: what pandoc writes, and what the page has.
SAME = str.maketrans({"⇔": "⟺", "*": "∗", "∥": "‖", "\u0302": "ˆ"})

in_checkout = pytest.mark.repository


@cache
def exported(path: Path) -> str:
    return lesson_page(nbformat.read(path, as_version=4), path.stem)


def formulas(html: str) -> list[Tag]:
    return BeautifulSoup(html, "html.parser", parse_only=SoupStrainer("math")).find_all("math")


def signs(formula: Tag) -> str:
    """The characters of a formula in their order: no spaces, no signs that are not seen."""
    for source in formula.find_all("annotation"):
        source.decompose()
    plain = unicodedata.normalize("NFKC", formula.get_text()).translate(SAME)
    return re.sub(r"[\s\u2061-\u2064]", "", plain)


def page_of(*cells) -> BeautifulSoup:
    return BeautifulSoup(lesson_page(new_notebook(cells=list(cells)), "lesson"), "html.parser")


@in_checkout
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_formulas_of_a_notebook_are_those_that_pandoc_reads(path):
    pypandoc = pytest.importorskip("pypandoc")
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    theirs = formulas(
        pypandoc.convert_text(prose, "html", format="gfm+tex_math_dollars", extra_args=["--mathml"])
    )
    ours = formulas(exported(path))
    unread = re.findall(r"<code>(\$.*?\$)</code>", exported(path), re.DOTALL)
    assert unread == [], "math-core cannot read these"
    assert len(ours) == len(theirs)
    assert [formula.get("display") == "block" for formula in ours] == [
        formula.get("display") == "block" for formula in theirs
    ]
    assert [signs(formula) for formula in ours] == [signs(formula) for formula in theirs]


@in_checkout
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_runs_no_script_and_asks_for_nothing(path):
    page = BeautifulSoup(exported(path), "html.parser")
    assert page.find_all(["script", "iframe", "object"]) == []
    asked = [element["src"] for element in page.find_all(src=True)]
    asked += [link["href"] for link in page.find_all("link", href=True)]
    assert all(source.startswith("data:") for source in asked)
    assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", exported(path))


def test_code_and_money_stay_as_they_are_written():
    page = page_of(
        new_markdown_cell("Type `echo $HOME$` for $x$.\n\n```sh\necho $a$ $$b$$\n```\n\n    $c$\n"),
        new_markdown_cell("It costs $5, or $6 with tax."),
        new_code_cell("price = '$d$'", outputs=[new_output("stream", text="$e$ and $$f$$")]),
    )
    assert [signs(formula) for formula in page.find_all("math")] == ["x"]
    shown = page.get_text()
    for written in ("echo $HOME$", "echo $a$ $$b$$", "$c$", "'$d$'", "$e$ and $$f$$", "$5, or $6"):
        assert written in shown


def test_formulas_are_found_wherever_markdown_has_them():
    page = page_of(
        new_markdown_cell(
            "## The rate $a$\n\n- an item $b_1$, *slanted $c^2$*\n\n"
            "| table |\n|---|\n| $d$ |\n\n> quoted $e < 1$\n\n"
            "$$\nf_i * g_i * h\n$$\n\n\\begin{align}\ni &= j\n\\end{align}\n"
        ),
        new_code_cell(
            "show()",
            outputs=[
                new_output("display_data", {"text/latex": r"$\displaystyle k$", "text/plain": "k"}),
                new_output("display_data", {"text/markdown": "Then $l$.", "text/plain": "l"}),
            ],
        ),
    )
    found = [signs(formula) for formula in page.find_all("math")]
    assert found[:5] == ["a", "b1", "c2", "d", "e<1"]
    assert found[5] == "fi∗gi∗h"  # and not Markdown's emphasis
    assert found[6].startswith("i=j")
    assert found[7:] == ["k", "l"]


def test_a_formula_that_cannot_be_read_spoils_no_page():
    page = page_of(new_markdown_cell(r"Before $\unheard{x}$ and $y$."))
    assert page.find("code").get_text() == r"$\unheard{x}$"
    assert [signs(formula) for formula in page.find_all("math")] == ["y"]


def test_pictures_from_a_network_are_their_words():
    page = page_of(
        new_markdown_cell("[![Open in Colab](https://a.example/b.svg)](https://a.example)")
    )
    assert page.find("img") is None
    assert page.find("a", href="https://a.example").get_text() == "Open in Colab"


@in_checkout
@pytest.mark.slow
def test_formulas_are_set_in_a_browser_that_makes_no_request(tmp_path):
    browser = pytest.importorskip("browser", reason="tools/ lies in the checkout")
    if not browser.find_chromium():
        pytest.skip("needs the program chromium")
    file = tmp_path / "lesson.html"
    (first,) = (path for path in NOTEBOOKS if path.name.startswith("01_"))
    file.write_text(exported(first), encoding="utf-8")
    with browser.open_browser(1000, 800) as watched:
        page = watched.page
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        boxes = page.evaluate(
            "[...document.querySelectorAll('math')].map((math) => {"
            " const box = math.getBoundingClientRect();"
            " return [box.width, box.height, math.scrollWidth - math.clientWidth]; })"
        )
        deep = page.evaluate(
            "() => { const fraction = document.querySelector('math[display=block] mfrac');"
            " const [above, below] = [...fraction.children].map((e) => e.getBoundingClientRect());"
            " return below.top - above.top; }"
        )
    assert boxes and all(width > 2 and height > 5 for width, height, _ in boxes)
    assert deep > 5  # the browser sets one above the other: it knows MathML
    asked = {url for url in watched.requests if not url.startswith(("data:", "blob:"))}
    assert asked == {file.as_uri()}
    assert watched.faults == []
