"""A cell that declares parameters is read as it is meant, or its line is named."""

from __future__ import annotations

import pytest

from gan_utils.errors import ParameterError
from gan_utils.lesson.declarations import read_parameters
from gan_utils.lesson.parameters import Parameter

MALFORMED = {
    "no type": ("x = 3  # help", "line 2", "is not a declaration"),
    "no default": ("x: int  # help", "line 2", "is not a declaration"),
    "import": ("import os", "line 2", "is not a declaration"),
    "attribute": ("a.x: int = 3  # help", "line 2", "is not a declaration"),
    "two lines": ("x: str = (\n'a')  # help", "line 2", "is not a declaration"),
    "union type": ("x: int | None = 3  # help", "line 2", "is not a declaration"),
    "other type": ("x: list = 3  # help", "line 2", "has the type `list`"),
    "no help": ("x: int = 3", "line 2", "has no help"),
    "range only": ("x: int = 3  # [1, 5]", "line 2", "has no help"),
    "computed": ("x: int = 1 + 2  # help", "line 2", "has a default that is no literal"),
    "float for int": ("x: int = 3.0  # help", "line 2", "default that is not a whole number"),
    "text for float": ("x: float = '3'  # help", "line 2", "default that is not a number"),
    "bool for int": ("x: int = True  # help", "line 2", "default that is not a whole number"),
    "none": ("x: str = None  # help", "line 2", "default that is not text"),
    "below": ("x: int = 0  # help [1, 5]", "line 2", "parameter `x` is 0, below"),
    "no such choice": ("x: str = 'c'  # help {a, b}", "line 2", "is 'c', not among"),
    "not finite": ("x: float = 1e999  # help", "line 2", "which is not finite"),
    "bad bound": ("x: int = 3  # help [1, l0]", "line 2", "has the limit `l0`"),
    "fractional bound": ("x: int = 3  # help [0.5, 10]", "line 2", "has the limit `0.5`"),
    "nan bound": ("x: float = 3  # help [nan, 10]", "line 2", "has the limit `nan`"),
    "three bounds": ("x: int = 3  # help [1, 2, 3]", "line 2", "has no range at its end"),
    "range in the middle": ("x: int = 3  # from [1, 5] steps", "line 2", "has no range at its"),
    "unclosed choices": ("x: str = 'a'  # help a, b}", "line 2", "has no range at its end"),
    "reversed": ("x: int = 3  # help [5, 1]", "line 2", "has an empty range"),
    "empty open": ("x: float = 3  # help [3, 3)", "line 2", "has an empty range"),
    "range of text": ("x: str = 'a'  # help [1, 5]", "line 2", "only int and float"),
    "range of bool": ("x: bool = True  # help [0, 1]", "line 2", "only int and float"),
    "choices of bool": ("x: bool = True  # help {true, false}", "line 2", "leave them out"),
    "empty choice": ("x: str = 'a'  # help {a, }", "line 2", "has an empty choice"),
    "repeated choice": ("x: str = 'a'  # help {a, b, a}", "line 2", "has a repeated choice"),
    "repeated name": ("seed: int = 3  # help", "line 2", "declares `seed` again"),
    "two in a line": ("x: int = 3; y: int = 4  # help", "line 2", "two parameters"),
    "multiple of a float": ("x: float = 3  # help, a multiple of 3", "line 2", "which only an int"),
    "default between": ("x: int = 50  # help, a multiple of 100", "line 2", "no multiple of 100"),
    "multiple with choices": ("x: int = 3  # a, a multiple of 3 {3, 6}", "line 2", "without choi"),
    "odd ends": ("x: int = 100  # a, a multiple of 100 [50, 200]", "line 2", "no multiples of 100"),
    "multiple of 0": ("x: int = 3  # a, a multiple of 0", "line 2", "a condition that cannot be"),
    "spaces": ("x: int = 3  # a, only with seed = 3", "line 2", "a condition that cannot be read"),
    "words after it": ("x: int = 3  # only with seed=3, or so", "line 2", "a condition that can"),
    "choices inside": ("x: str = 'a'  # a {a, b}, only with seed=3", "line 2", "no range at its"),
    "two signs": ("x: int = 3  # help [--5, 10]", "line 2", "has the limit `--5`"),
    "no literal at all": ("x: int = {[]: 1}  # help", "line 2", "a default that is no literal"),
    "one choice twice": ("x: float = 0.5  # help {.5, 0.50}", "line 2", "a repeated choice"),
    "unknown partner": ("x: int = 3  # help, only with y=1", "`x` goes only", "`y`, which is not"),
    "partner's value": ("x: int = 3  # help, only with seed=a", "`seed` a", "which that cannot be"),
    "no Python": ("x: int = = 3  # help", "the parameters cell is not Python", "write each line"),
    "open bracket": ("x: int = (3  # help", "the parameters cell is not Python", "write each"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_line_is_named(case):
    line, where, message = MALFORMED[case]
    with pytest.raises(ParameterError) as caught:
        read_parameters(f"seed: int = 0  # random seed\n{line}\n")
    assert where in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_conditions_are_read_from_the_help():
    declared = read_parameters(
        """\
steps: int = 400  # updates, a multiple of 100 [100, 1000]
pause: int = 6  # steps between pictures, a multiple of 3
loss: str = "minimax"  # objective {minimax, wasserstein, hinge}
noise: float = 0.0  # of the labels, only with loss=minimax|hinge [0, 0.5]
depth: int = 4  # layers {4, 8}
width: int = 1  # of each, only with depth=8 [1, 4]
"""
    )
    assert declared["steps"] == Parameter("steps", int, 400, "updates", 100, 1000, unit=100)
    assert declared["steps"].allowed == "a multiple of 100 from 100 to 1000"
    assert declared["pause"].unit == 3
    assert declared["noise"].partner_values == ("minimax", "hinge")
    assert declared["width"].partner_values == (8,)


def test_conditions_may_follow_each_other():
    declared = read_parameters(
        "rate: float = 0.5  # step {0.5, -1, 2e-5}\n"
        "x: int = 4  # help, only with rate=-1|2e-5, a multiple of 2 [2, 8]\n"
        "y: int = 4  # help, a multiple of 2, only with rate=0.5\n"
    )
    assert (declared["x"].unit, declared["x"].partner_values) == (2, (-1.0, 2e-5))
    assert (declared["y"].unit, declared["y"].partner_values) == (2, (0.5,))
    assert declared["x"].help == declared["y"].help == "help"
    assert declared["y"].condition == ", only with rate=0.5"
