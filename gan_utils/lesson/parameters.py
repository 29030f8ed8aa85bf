"""The parameters of a lesson: declared in one notebook cell, checked in one place.

Each line of the cell declares one parameter, and its comment is part of the declaration:

    epochs: int = 20  # passes over the data [1, 1000]
    rate: float = 2e-4  # learning rate of Adam (0, 1]
    loss: str = "minimax"  # what the players minimise {minimax, non_saturating}
    average: bool = True  # keep a moving average of the generator's weights

`[` and `]` include the bound, `(` and `)` leave it out, and a bound may be `inf` or `-inf`. Two
more things may end the help, before a range or choices:

    steps: int = 4000  # updates, a multiple of 100 [100, 1000000]
    label_flip: float = 0.0  # share of exchanged labels, only with loss=minimax [0, 0.5]

The second lets a parameter leave its default only where the other one has that value, or one of
several with `|` between them.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import io
import math
import re
import reprlib
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from gan_utils.errors import ParameterError

TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
GRAMMAR = "`name: type = literal  # help [low, high]` or `# help {a, b}`"
RANGE = re.compile(
    r"^(?P<help>.*?)\s*(?P<open>[\[(])(?P<low>[^\[\](),]*),(?P<high>[^\[\](),]*)(?P<close>[\])])$"
)
MULTIPLE = re.compile(r"^(?P<help>.*?),? a multiple of (?P<unit>[1-9]\d*)$")
PARTNER = re.compile(r"\bonly with (?P<name>\w+)=(?P<values>[\w|]+)$")
LOOSE_RANGE = re.compile(r"\[[^\[\]]*,[^\[\]]*[\])]")
CHOICES = re.compile(r"^(?P<help>.*?)\s*\{(?P<items>[^{}]*)\}$")
# Above this a float no longer holds every whole number, so 1e30 may not be what was meant.
LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class Parameter:
    """One parameter of a lesson.

    `type` is int, float, str or bool; `low` and `high` are None where nothing bounds the value,
    and `choices` is empty where every value of the type is allowed.  A whole number is a multiple
    of `unit`.  Where `partner` names another parameter, and `partner_values` of it, the value is
    the default unless the other one has one of them.
    """

    name: str
    type: type
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    low_closed: bool = True
    high_closed: bool = True
    choices: tuple = ()
    unit: int = 1
    partner: str = ""
    partner_values: tuple = ()

    @property
    def allowed(self) -> str:
        """What may be given, in words: "a whole number from 1 to 1000"."""
        if self.choices:
            return "one of " + ", ".join(map(str, self.choices))
        noun = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        if self.unit > 1:
            noun[int] = f"a multiple of {self.unit}"
        low = self.low if self.low is not None and math.isfinite(self.low) else None
        high = self.high if self.high is not None and math.isfinite(self.high) else None
        if low is not None and high is not None and self.low_closed and self.high_closed:
            return f"{noun[self.type]} from {low} to {high}"
        bounds = []
        if low is not None:
            bounds.append(f"{'at least' if self.low_closed else 'above'} {low}")
        if high is not None:
            bounds.append(f"{'at most' if self.high_closed else 'below'} {high}")
        return " ".join([noun[self.type], " and ".join(bounds)]).strip()


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


def check(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give back `values` with each one in its declared type.

    Text that can only mean one value is converted ("1e-3" for a float, "true" for a bool), and
    so are 3.0 for an int and 3 for a float.  Raises ParameterError for an unknown name and for
    a value of another type, outside its range or not among its choices.
    """
    checked = {}
    for name, value in values.items():
        if name not in parameters:
            raise unknown(parameters, name)
        checked[name] = _checked(parameters[name], value)
    return checked


def check_together(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """See that checked values go together, those that are not given being the defaults.

    Raises ParameterError for a value that goes only with another one's.
    """
    complete = {name: item.default for name, item in parameters.items()} | dict(values)
    for name, item in parameters.items():
        other = complete.get(item.partner)
        if item.partner and complete[name] != item.default and other not in item.partner_values:
            choices = " or ".join(map(str, item.partner_values))
            raise ParameterError(
                f"parameter `{name}` is {complete[name]!r}, which needs `{item.partner}` to be "
                f"{choices}, and it is {other}: change one of the two."
            )


def unknown(parameters: Mapping[str, Parameter], name: str) -> ParameterError:
    """The error for a parameter that is not declared, with the nearest name that is."""
    near = difflib.get_close_matches(str(name), parameters, n=1)
    known = ", ".join(f"`{known}`" for known in parameters) or "none"
    hint = f"did you mean `{near[0]}`?" if near else f"the known ones are {known}."
    return ParameterError(f"unknown parameter `{name}`: {hint}")


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
    except ValueError:
        raise ParameterError("has a default that is no literal: write the value itself.") from None
    if type(default) is not kind and (kind, type(default)) != (float, int):
        raise ParameterError(f"has a default that is not {Parameter('', kind, 0, '').allowed}.")
    parameter = _limited(Parameter(statement.target.id, kind, default, comment.lstrip("# \t")))
    if not parameter.help:
        raise ParameterError(f"has no help: write {GRAMMAR}.")
    try:
        default = _checked(parameter, default)
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
        if "" in items or len(set(items)) < len(items):
            raise ParameterError("has an empty or repeated choice: write {a, b, c}.")
        if parameter.type is not str:
            items = [_bound(item, parameter.type) for item in items]
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
        parameter = _with_conditions(replace(parameter, help=match["help"]))
        return replace(
            parameter,
            low=low,
            high=high,
            low_closed=low_closed,
            high_closed=high_closed,
        )
    if text.endswith(("]", "}")) or LOOSE_RANGE.search(text):
        raise ParameterError("has no range at its end: close the line with [low, high] or {a, b}.")
    return _with_conditions(parameter)


def _with_conditions(parameter: Parameter) -> Parameter:
    """Read "a multiple of 100" or "only with a=b" at the end of the help into fields."""
    if match := MULTIPLE.match(parameter.help):
        if parameter.type is not int:
            raise ParameterError("has a multiple, which only an int can be: leave it out.")
        return replace(parameter, help=match["help"], unit=int(match["unit"]))
    if match := PARTNER.search(parameter.help):
        values = tuple(match["values"].split("|"))
        return replace(parameter, partner=match["name"], partner_values=values)
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
        return replace(item, partner_values=tuple(_checked(other, x) for x in item.partner_values))
    except ParameterError as error:
        raise ParameterError(f"{what}, but {error}") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bound(text: str, kind: type) -> float:
    """A bound or a numeric choice, an int where it is whole, so that it reads well."""
    if text.strip().lstrip("+-").isdecimal():
        return int(text)
    if _is_number(text) and not math.isnan(number := float(text)):
        if number.is_integer() and abs(number) <= LARGEST_EXACT:
            return int(number)
        if kind is float or math.isinf(number):
            return number
    noun = "whole number" if kind is int else "number"
    raise ParameterError(f"has the limit `{text.strip()}`, which is not a {noun}: write a {noun}.")


def _checked(parameter: Parameter, value: Any) -> Any:
    """`value` in the type of `parameter`; ParameterError where that is not unambiguous."""
    shown = f"parameter `{parameter.name}` is {reprlib.repr(value)}"
    result = {int: _as_int, float: _as_float, str: _as_str, bool: _as_bool}[parameter.type](value)
    if result is None:
        kind = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
        quotes = ", in quotes" if parameter.type is str else ""
        raise ParameterError(
            f"{shown}, not {kind[parameter.type]}: give {parameter.allowed}{quotes}."
        )
    shown = f"parameter `{parameter.name}` is {reprlib.repr(result)}"
    if parameter.choices and result not in parameter.choices:
        near = ()
        if parameter.type is str:
            near = difflib.get_close_matches(result, parameter.choices, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"give {parameter.allowed}."
        raise ParameterError(f"{shown}, not among its choices: {hint}")
    low, high = parameter.low, parameter.high
    if low is not None and not (result > low or (parameter.low_closed and result == low)):
        relation = "below its lowest value" if parameter.low_closed else "not above"
        raise ParameterError(f"{shown}, {relation} {low}: give {parameter.allowed}.")
    if parameter.unit > 1 and result % parameter.unit:
        raise ParameterError(f"{shown}, no multiple of {parameter.unit}: give {parameter.allowed}.")
    if high is not None and not (result < high or (parameter.high_closed and result == high)):
        relation = "above its highest value" if parameter.high_closed else "not below"
        raise ParameterError(f"{shown}, {relation} {high}: give {parameter.allowed}.")
    if isinstance(result, float) and math.isinf(result) and result not in (low, high):
        raise ParameterError(f"{shown}, which is not finite: give {parameter.allowed}.")
    return result


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int | str):
        with contextlib.suppress(ValueError):
            return int(value)
    try:
        # Exact, where a float would take the text 1e-330 for 0.
        return _exact(Decimal(value))
    except InvalidOperation:
        return None


def _exact(number: Decimal) -> int | None:
    """The whole number that `number` is, unless it is too large to have been meant exactly."""
    if number.is_finite() and -LARGEST_EXACT <= number <= LARGEST_EXACT:
        return int(number) if number == number.to_integral_value() else None
    return None


def _as_float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def _as_str(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _as_bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None
