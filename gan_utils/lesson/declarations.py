"""How a notebook's cell declares the parameters of its lesson.

Each line of the cell declares one parameter, and its comment is part of the declaration:

    epochs: int = 20  # passes over the data [1, 1000]
    rate: float = 2e-4  # learning rate of Adam (0, 1]
    loss: str = "minimax"  # what the players minimise {minimax, non_saturating}
    average: bool = True  # keep a moving average of the generator's weights

`[` and `]` include the bound, `(` and `)` leave it out, and a bound may be `inf` or `-inf`. Two
more things may end the help, alone or one after the other, before a range or choices:

    steps: int = 4000  # updates, a multiple of 100 [100, 1000000]
    label_flip: float = 0.0  # share of exchanged labels, only with loss=minimax [0, 0.5]

The second lets a parameter leave its default only where the other one has that value, or one of
several with `|` between them.
"""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import replace

from gan_utils.errors import ParameterError
from gan_utils.lesson.parameters import LARGEST_EXACT, Parameter, checked_value

TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
GRAMMAR = "`name: type = literal  # help [low, high]` or `# help {a, b}`"
RANGE = re.compile(
    r"^(?P<help>.*?)\s*(?P<open>[\[(])(?P<low>[^\[\](),]*),(?P<high>[^\[\](),]*)(?P<close>[\])])$"
)
MULTIPLE = re.compile(r"^(?P<help>.*?),? a multiple of (?P<unit>[1-9]\d*)$")
PARTNER = re.compile(r"^(?P<help>.*?),? only with (?P<name>\w+)=(?P<values>[^\s|,]+(\|[^\s|,]+)*)$")
LOOSE_CONDITION = re.compile(r"\b(only with \w+ ?=|a multiple of\b)")
LOOSE_CHOICES = re.compile(r"\{[^{}]*,[^{}]*\}")
WHOLE = re.compile(r"[+-]?\d{1,300}")
LOOSE_RANGE = re.compile(r"\[[^\[\]]*,[^\[\]]*[\])]")
CHOICES = re.compile(r"^(?P<help>.*?)\s*\{(?P<items>[^{}]*)\}$")


def read_parameters(source: str) -> dict[str, Parameter]:
    """Read the declarations from the text of a parameters cell.

    Returns the parameters by name, in the order of the cell.  Raises ParameterError naming the
    line that breaks the grammar, repeats a name, or has a default that its own range forbids.
    """
    try:
        statements = ast.parse(source).body
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError(
            f"the parameters cell is not Python ({error.args[0]}): write each line as {GRAMMAR}."
        ) from None
    comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
    lines = source.splitlines()
    parameters: dict[str, Parameter] = {}
    used_lines: set[int] = set()
    for statement in statements:
        number = statement.lineno
        where = f"line {number} of the parameters cell, `{lines[number - 1].strip()}`,"
        try:
            if number in used_lines:
                raise ParameterError("declares two parameters: give each its own line.")
            parameter = _declaration(statement, comments.get(number, ""))
            if parameter.name in parameters:
                raise ParameterError(f"declares `{parameter.name}` again: keep one declaration.")
        except ParameterError as error:
            raise ParameterError(f"{where} {error}") from None
        used_lines.update(range(number, statement.end_lineno + 1))
        parameters[parameter.name] = parameter
    return {name: _partnered(item, parameters) for name, item in parameters.items()}


def _declaration(statement: ast.stmt, comment: str) -> Parameter:
    """Build the parameter of one line; errors continue the sentence "line 3 ..., ..."."""
    if not (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.annotation, ast.Name)
        and statement.value is not None
        and statement.lineno == statement.end_lineno
    ):
        raise ParameterError(f"is not a declaration: write {GRAMMAR}.")
    if statement.annotation.id not in TYPES:
        raise ParameterError(
            f"has the type `{statement.annotation.id}`: use one of {', '.join(TYPES)}."
        )
    kind = TYPES[statement.annotation.id]
    try:
        default = ast.literal_eval(statement.value)
    except (ValueError, TypeError):
        raise ParameterError("has a default that is no literal: write the value itself.") from None
    if type(default) is not kind and (kind, type(default)) != (float, int):
        raise ParameterError(f"has a default that is not {Parameter('', kind, 0, '').allowed}.")
    parameter = _limited(Parameter(statement.target.id, kind, default, comment.lstrip("# \t")))
    if not parameter.help:
        raise ParameterError(f"has no help: write {GRAMMAR}.")
    try:
        default = checked_value(parameter, default)
    except ParameterError as error:
        raise ParameterError(f"has a default that it forbids: {error}") from None
    return replace(parameter, default=default)


def _limited(parameter: Parameter) -> Parameter:
    """Move the range or the choices at the end of the help into their own fields."""
    text = parameter.help.rstrip()
    if match := CHOICES.match(text):
        if parameter.type is bool:
            raise ParameterError("has choices, but a bool is only true or false: leave them out.")
        items = [item.strip() for item in match["items"].split(",")]
        if "" in items:
            raise ParameterError("has an empty choice: write {a, b, c}.")
        if parameter.type is not str:
            items = [_bound(item, parameter.type) for item in items]
        if len(set(items)) < len(items):
            raise ParameterError("has a repeated choice: write {a, b, c}.")
        return _with_conditions(replace(parameter, help=match["help"], choices=tuple(items)))
    match = RANGE.match(text)
    # "(steps, not epochs)" is help; "(0, 1)" and "[0, l]" are ranges, the second a wrong one.
    if match and (
        "[" in match["open"] or "]" in match["close"] or any(map(_is_number, match.group(3, 4)))
    ):
        if parameter.type not in (int, float):
            raise ParameterError("has a range, which only int and float can have: leave it out.")
        low, high = (_bound(match[side], parameter.type) for side in ("low", "high"))
        low_closed, high_closed = match["open"] == "[", match["close"] == "]"
        if low > high or (low == high and not (low_closed and high_closed)):
            raise ParameterError("has an empty range: write the lowest value first.")
        return _with_conditions(
            replace(
                parameter,
                help=match["help"],
                low=low,
                high=high,
                low_closed=low_closed,
                high_closed=high_closed,
            )
        )
    if text.endswith(("]", "}")) or LOOSE_RANGE.search(text) or LOOSE_CHOICES.search(text):
        raise ParameterError("has no range at its end: close the line with [low, high] or {a, b}.")
    return _with_conditions(parameter)


def _with_conditions(parameter: Parameter) -> Parameter:
    """Move "a multiple of 100" and "only with a=b" at the end of the help into fields."""
    if match := MULTIPLE.match(parameter.help):
        unit = int(match["unit"])
        ends = [end for end in (parameter.low, parameter.high) if end is not None]
        if parameter.type is not int or parameter.choices:
            raise ParameterError("has a multiple, which only an int without choices can be.")
        if any(math.isfinite(end) and end % unit for end in ends):
            raise ParameterError(f"has a range whose ends are no multiples of {unit}: write such.")
        return _with_conditions(replace(parameter, help=match["help"], unit=unit))
    if match := PARTNER.match(parameter.help):
        values = tuple(match["values"].split("|"))
        shorter = replace(parameter, help=match["help"], partner=match["name"])
        return _with_conditions(replace(shorter, partner_values=values))
    if LOOSE_CONDITION.search(parameter.help):
        raise ParameterError(
            "has a condition that cannot be read: end the help with `only with name=value` or `a "
            "multiple of 100`, before a range or choices."
        )
    return parameter


def _partnered(item: Parameter, parameters: Mapping[str, Parameter]) -> Parameter:
    """The parameter with its partner's values in that one's type."""
    if not item.partner:
        return item
    what = f"parameter `{item.name}` goes only with `{item.partner}`"
    if item.partner not in parameters:
        raise ParameterError(f"{what}, which is not declared: name one that is.")
    other = parameters[item.partner]
    try:
        values = tuple(checked_value(other, x) for x in item.partner_values)
    except ParameterError:
        given = ", ".join(item.partner_values)
        raise ParameterError(
            f"{what} {given}, which that cannot be: give {other.allowed}."
        ) from None
    return replace(item, partner_values=values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bound(text: str, kind: type) -> float:
    """A bound or a numeric choice, an int where it is whole, so that it reads well."""
    if WHOLE.fullmatch(text.strip()):
        return int(text)
    if _is_number(text) and not math.isnan(number := float(text)):
        if number.is_integer() and abs(number) <= LARGEST_EXACT:
            return int(number)
        if kind is float or math.isinf(number):
            return number
    noun = "whole number" if kind is int else "number"
    raise ParameterError(f"has the limit `{text.strip()}`, which is not a {noun}: write a {noun}.")
