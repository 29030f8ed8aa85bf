"""Formulas as MathML, made when a page is written: it needs no script, and asks for nothing.

A formula is `$…$` in a line and `$$…$$` in a line of its own, and which dollars belong to one is
pandoc's rule: no space inside of them and no digit behind, so that amounts of money stay.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape
from math_core import LatexError, LatexToMathML

# Of a formula within a line; the group has the name that nbconvert gives it.
INLINE = r"(?<![$\\])\$(?!\s)(?P<math_inline_tex>(?:\\.|[^$\\])+?)(?<!\s)\$(?![$\d])"
FORMULA = re.compile(rf"(?<!\\)\$\$(?P<display>.+?)\$\$|{INLINE}", re.DOTALL)

_converter = LatexToMathML(fancy_error=False)


def mathml(tex: str, display: bool = False) -> Markup:
    """Give a formula as a <math> element, or its source as <code> where it cannot be read."""
    try:
        return Markup(_converter.convert_with_local_state(tex, displaystyle=display))
    except LatexError:
        mark = "$$" if display else "$"
        return Markup(f"<code>{escape(mark + tex + mark)}</code>")


def with_formulas(text: str) -> Markup:
    """Escape a text for a page, with its formulas as MathML."""
    parts, end = [], 0
    for match in FORMULA.finditer(text):
        display = match["display"] is not None
        formula = mathml(match["display"] if display else match["math_inline_tex"], display)
        parts += [escape(text[end : match.start()]), formula]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])
