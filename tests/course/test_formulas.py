"""Formulas as MathML: which dollars belong to one, and what becomes of one that cannot be read."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("math_core")

from gan_utils.course.formulas import mathml, with_formulas


def words(html: str) -> str:
    """What a reader sees of a piece of a page."""
    return "".join(ET.fromstring(f"<p>{html}</p>").itertext())


def test_a_formula_is_a_tree_of_mathml():
    fraction = ET.fromstring(mathml(r"\frac{p}{p + q}"))
    assert fraction.tag == "math" and fraction.get("display") is None
    above, below = fraction.find("mfrac")
    assert "".join(above.itertext()) == "p"
    assert "".join(below.itertext()) == "p+q"
    assert ET.fromstring(mathml("x", display=True)).get("display") == "block"


def test_limits_stand_below_in_display_and_beside_in_a_line():
    assert ET.fromstring(mathml(r"\min_G", display=True)).find("munder") is not None
    assert ET.fromstring(mathml("x_G")).find("msub") is not None


def test_lines_of_an_aligned_formula_are_rows():
    table = ET.fromstring(mathml(r"\begin{aligned} a &= b \\ &= c \end{aligned}", display=True))
    rows = ["".join(row.itertext()) for row in table.iter("mtr")]
    assert rows == ["a=b", "=c"]


@pytest.mark.parametrize("tex", [r"\unheard x", r"\frac{1", "x^", r"\left( x", "a } b", "<b>&"])
@pytest.mark.parametrize(("display", "mark"), [(False, "$"), (True, "$$")])
def test_what_cannot_be_read_stays_as_it_was_written(tex, display, mark):
    code = ET.fromstring(mathml(tex, display))
    assert code.tag == "code" and code.text == f"{mark}{tex}{mark}"


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5, or $6 with tax.",
        "It costs $5 and $6.",
        "between $100 and $200",
        r"a \$ and a \$ more",
        "$ x $",
        "one $ alone",
        "$$",
        "f'<b>{a}</b>' & \"b\"",
    ],
)
def test_money_and_other_dollars_are_left_alone(text):
    page = with_formulas(text)
    assert "<math" not in page and "<b>" not in page
    assert words(page) == text


@pytest.mark.parametrize(
    ("text", "formulas", "read"),
    [
        ("The rate $h$ of <both>", 1, "The rate h of <both>"),
        ("$a$ and $b$, for $5", 2, "a and b, for $5"),
        ("it costs $5, or $x$ more", 1, "it costs $5, or x more"),
        ("so $$a = b$$ holds", 1, "so a=b holds"),
        ("$a$-th", 1, "a-th"),
    ],
)
def test_formulas_in_a_text(text, formulas, read):
    page = with_formulas(text)
    assert page.count("<math") == formulas
    assert words(page) == read
