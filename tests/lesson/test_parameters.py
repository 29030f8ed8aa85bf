"""Parameters are read as declared and never silently taken for something else."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_utils.errors import ParameterError
from gan_utils.lesson.declarations import read_parameters
from gan_utils.lesson.parameters import Parameter, check, check_together

CELL = """\
# Training
epochs: int = 20  # passes over the data [1, 1000]

rate: float = 2e-4  # learning rate of Adam, not of the critic (0, 1]
decay: float = 0  # decay of the average [0, 1)
loss: str = "minimax"  # what the players minimise {minimax, non_saturating}
average: bool = True  # keep a moving average of the weights
shift: float = -0.5  # any number (steps, not epochs)
limit: float = 1.0  # a limit that may be infinite (0, inf]
size: int = 28  # side in pixels {28, 64}
folder: str = ""  # folder for this run's files; empty: runs/<lesson>-<hash>
"""
DECLARED = read_parameters(CELL)


def test_cell_is_read_in_order_with_every_field():
    assert list(DECLARED.values()) == [
        Parameter("epochs", int, 20, "passes over the data", 1, 1000),
        Parameter(
            "rate", float, 2e-4, "learning rate of Adam, not of the critic", 0, 1, low_closed=False
        ),
        Parameter("decay", float, 0.0, "decay of the average", 0, 1, high_closed=False),
        Parameter(
            "loss", str, "minimax", "what the players minimise",
            choices=("minimax", "non_saturating"),
        ),
        Parameter("average", bool, True, "keep a moving average of the weights"),
        Parameter("shift", float, -0.5, "any number (steps, not epochs)"),
        Parameter("limit", float, 1.0, "a limit that may be infinite", 0, math.inf, False),
        Parameter("size", int, 28, "side in pixels", choices=(28, 64)),
        Parameter(
            "folder", str, "", "folder for this run's files; empty: runs/<lesson>-<hash>"
        ),
    ]  # fmt: skip
    assert all(type(item.default) is item.type for item in DECLARED.values())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("epochs", "a whole number from 1 to 1000"),
        ("rate", "a number above 0 and at most 1"),
        ("decay", "a number at least 0 and below 1"),
        ("limit", "a number above 0"),
        ("loss", "one of minimax, non_saturating"),
        ("average", "true or false"),
        ("folder", "text"),
    ],
)
def test_allowed_values_in_words(name, words):
    assert DECLARED[name].allowed == words


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 1, 1),
        ("epochs", 1000, 1000),
        ("epochs", 3.0, 3),
        ("epochs", "3", 3),
        ("epochs", " 3 ", 3),
        ("epochs", "010", 10),  # YAML 1.1 reads an octal 8
        ("epochs", "1e2", 100),
        ("epochs", "3.0", 3),
        ("epochs", "1E+0", 1),
        ("rate", 1, 1.0),
        ("rate", "1e-3", 0.001),  # YAML 1.1 leaves it text
        ("rate", "0.5", 0.5),
        ("decay", 0, 0.0),
        ("limit", "inf", math.inf),
        ("loss", "non_saturating", "non_saturating"),
        ("average", False, False),
        ("average", "true", True),
        ("average", "FALSE", False),
        ("size", "64", 64),
        ("folder", "[1, 2]", "[1, 2]"),
        ("folder", "yes", "yes"),
    ],
)
def test_unambiguous_values_are_converted(name, value, expected):
    result = check(DECLARED, {name: value})[name]
    assert result == expected
    assert type(result) is type(expected)


REFUSED = {
    "below": ("epochs", 0, "is 0, below its lowest value 1: give a whole number from 1 to 1000."),
    "below, as text": ("epochs", "-3", "is -3, below its lowest value 1"),
    "above": ("epochs", 1001, "is 1001, above its highest value 1000"),
    "on an open low end": (
        "rate",
        0.0,
        "is 0.0, not above 0: give a number above 0 and at most 1.",
    ),
    "on an open high end": ("decay", 1.0, "is 1.0, not below 1"),
    "fraction for an int": ("epochs", 2.5, "is 2.5, not a whole number"),
    "fraction for an int, as text": ("epochs", "2.5", "is '2.5', not a whole number"),
    "inexact whole float": ("epochs", 1e30, "not a whole number"),
    "tiny text that rounds to 0": ("epochs", "1e-330", "is '1e-330', not a whole number"),
    "tiniest text": ("epochs", "1e-999999999", "not a whole number"),
    "text of sNaN": ("epochs", "sNaN", "not a whole number"),
    "huge text": ("epochs", "1e999999999", "not a whole number"),
    "octal": ("epochs", "0o10", "not a whole number"),
    "words for an int": ("epochs", "ten", "is 'ten', not a whole number"),
    "nothing for an int": ("epochs", None, "is None, not a whole number"),
    "empty text for an int": ("epochs", "", "is '', not a whole number"),
    "bool for an int": ("epochs", True, "is True, not a whole number"),
    "list for an int": ("epochs", [1, 2], "is [1, 2], not a whole number"),
    "bool for a float": ("rate", True, "is True, not a number"),
    "nan": ("shift", math.nan, "is nan, not a number"),
    "nan, as text": ("shift", "nan", "is 'nan', not a number"),
    "infinite": ("shift", math.inf, "is inf, which is not finite"),
    "infinite, as text": ("shift", "-inf", "is -inf, which is not finite"),
    "overflowing text": ("shift", "1e999", "is inf, which is not finite"),
    "overflowing int": ("shift", 10**400, "not a number"),
    "decimal comma": ("rate", "0,5", "is '0,5', not a number"),
    "fraction for a float": ("rate", "1/3", "is '1/3', not a number"),
    "misspelt choice": ("loss", "minmax", "not among its choices: did you mean `minimax`?"),
    "other choice": ("loss", "hinge", "its choices: give one of minimax, non_saturating."),
    "YAML's yes for a choice": ("loss", True, "is True, not text: give one of minimax"),
    "number for text": ("folder", 3, "is 3, not text: give text, in quotes."),
    "other number": ("size", 32, "is 32, not among its choices: give one of 28, 64."),
    "int for a bool": ("average", 1, "is 1, not true or false: give true or false."),
    "yes for a bool": ("average", "yes", "is 'yes', not true or false"),
    "nothing for a bool": ("average", None, "is None, not true or false"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_values_are_refused(case):
    name, value, message = REFUSED[case]
    with pytest.raises(ParameterError) as caught:
        check(DECLARED, {"average": True, name: value})
    assert str(caught.value).startswith(f"parameter `{name}` is ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ParameterError) as caught:
        check(DECLARED, {"epohcs": 3})
    assert str(caught.value) == "unknown parameter `epohcs`: did you mean `epochs`?"


def test_unknown_name_without_neighbour_lists_the_known():
    with pytest.raises(
        ParameterError, match=r"unknown parameter `zzz`: the known ones are `seed`\."
    ):
        check({"seed": Parameter("seed", int, 0, "seed")}, {"zzz": 3})


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()),
    st.decimals().map(str), st.dictionaries(st.text(), st.integers()), st.binary(),
)  # fmt: skip


@given(st.sampled_from(sorted(DECLARED)), ANYTHING)
def test_any_value_is_taken_in_its_type_and_range_or_refused_in_one_line(name, value):
    item = DECLARED[name]
    try:
        result = check(DECLARED, {name: value})[name]
    except ParameterError as error:
        assert len(str(error).splitlines()) == 1
        return
    assert type(result) is item.type
    assert not item.choices or result in item.choices
    assert item.low is None or item.low <= result <= item.high
    assert check(DECLARED, {name: result}) == {name: result}


@given(st.integers(-(10**18), 10**18))
def test_whole_numbers_survive_as_text_and_as_float(number):
    seed = {"seed": Parameter("seed", int, 0, "seed")}
    assert check(seed, {"seed": str(number)}) == {"seed": number}
    if abs(number) <= 2**53:
        assert check(seed, {"seed": float(number)}) == {"seed": number}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_as_text(number):
    assert check(DECLARED, {"shift": repr(number)}) == {"shift": number}


@given(st.text("0123456789eE+-. _", max_size=8))
def test_a_text_for_an_int_means_exactly_that_number(text):
    try:
        result = check({"x": Parameter("x", int, 0, "help")}, {"x": text})["x"]
    except ParameterError:
        return
    assert Fraction(text.strip().replace("_", "")) == result


@given(
    st.integers(-1000, 1000), st.integers(0, 1000), st.booleans(), st.booleans(), st.integers(0, 9)
)
def test_range_holds_exactly_between_its_bounds(low, width, low_closed, high_closed, spaces):
    high = low + width + 2
    bounds = f"{'(['[low_closed]}{low},{' ' * spaces}{high}{')]'[high_closed]}"
    declared = read_parameters(f"x: int = {low + 1}  # help {bounds}")
    for value in (low - 1, low, low + 1, high - 1, high, high + 1):
        inside = low < value < high
        inside |= (value == low and low_closed) or (value == high and high_closed)
        try:
            check(declared, {"x": value})
        except ParameterError:
            assert not inside
        else:
            assert inside


TOGETHER = {
    item.name: item
    for item in (
        Parameter("steps", int, 400, "updates", 100, 1000, unit=100),
        Parameter("pause", int, 6, "steps between pictures", unit=3),
        Parameter("loss", str, "minimax", "objective", choices=("minimax", "wasserstein", "hinge")),
        Parameter("noise", float, 0.0, "of the labels", 0, 0.5, partner="loss",
                  partner_values=("minimax", "hinge")),
        Parameter("depth", int, 4, "layers", choices=(4, 8)),
        Parameter("width", int, 1, "of each", 1, 4, partner="depth", partner_values=(8,)),
    )
}  # fmt: skip


def test_only_multiples_are_taken():
    assert check(TOGETHER, {"steps": "300", "pause": -9}) == {"steps": 300, "pause": -9}
    message = "parameter `steps` is 250, no multiple of 100: give a multiple of 100 from 100 to"
    with pytest.raises(ParameterError, match=message):
        check(TOGETHER, {"steps": 250})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"noise": 0.1, "loss": "wasserstein"},
         "`noise` is 0.1, which needs `loss` to be 'minimax' or 'hinge', and it is 'wasserstein'"),
        ({"width": 2}, "`width` is 2, which needs `depth` to be 8, and it is 4"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(values, words):
    with pytest.raises(ParameterError, match=words):
        check_together(TOGETHER, values)


@pytest.mark.parametrize(
    "values",
    [
        {}, {"noise": 0.1}, {"noise": 0.2, "loss": "hinge"}, {"loss": "wasserstein"},
        {"noise": 0.0, "loss": "wasserstein"}, {"width": 2, "depth": 8},
    ],
)  # fmt: skip
def test_what_goes_together_is_taken(values):
    check_together(TOGETHER, values)
