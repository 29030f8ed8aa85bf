"""The parameters of a lesson, and whether values may be given to them."""

from __future__ import annotations

import contextlib
import difflib
import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gan_utils.errors import ParameterError

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

    @property
    def condition(self) -> str:
        """When another value than the default may be given: ", only with loss=minimax", or ""."""
        values = "|".join(map(str, self.partner_values))
        return f", only with {self.partner}={values}" if self.partner else ""


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
        checked[name] = checked_value(parameters[name], value)
    return checked


def check_together(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """See that checked values go together, those that are not given being the defaults.

    Raises ParameterError for a value that goes only with another one's.
    """
    complete = {name: item.default for name, item in parameters.items()} | dict(values)
    for name, item in parameters.items():
        other = complete.get(item.partner)
        if item.partner and complete[name] != item.default and other not in item.partner_values:
            values = " or ".join(map(repr, item.partner_values))
            raise ParameterError(
                f"parameter `{name}` is {complete[name]!r}, which needs `{item.partner}` to be "
                f"{values}, and it is {other!r}: change one of the two."
            )


def unknown(parameters: Mapping[str, Parameter], name: str) -> ParameterError:
    """The error for a parameter that is not declared, with the nearest name that is."""
    near = difflib.get_close_matches(str(name), parameters, n=1)
    known = ", ".join(f"`{known}`" for known in parameters) or "none"
    hint = f"did you mean `{near[0]}`?" if near else f"the known ones are {known}."
    return ParameterError(f"unknown parameter `{name}`: {hint}")


def checked_value(parameter: Parameter, value: Any) -> Any:
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
