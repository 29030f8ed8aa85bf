"""A score with its interval, and intervals over repeated runs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_numbers


@dataclass(frozen=True)
class Score:
    """A measured number and how sure it is.

    Attributes:
        value: the score.
        low, high: ends of its interval; both nan where there is none.
        n: size of what was measured: runs, or rows of the smaller set.

    `float(score)` gives the value. A format applies to all three numbers: `f"{score:.1f}"`
    gives `12.3 [11.9, 12.8]`, and only `12.3` where there is no interval. `score.text("%")`
    chooses the digits itself.
    """

    value: float
    low: float
    high: float
    n: int

    def __float__(self) -> float:
        return float(self.value)

    def __format__(self, spec: str) -> str:
        value = format(self.value, spec)
        if math.isnan(self.low) or math.isnan(self.high):
            return value
        return f"{value} [{format(self.low, spec)}, {format(self.high, spec)}]"

    def text(self, unit: str = "") -> str:
        """Give value, interval and unit in three significant digits: "12.3 [11.9, 12.8] %".

        All three numbers have the decimals of the largest one; a count without an interval, an
        int, has all of its digits.
        """
        if isinstance(self.value, int) and math.isnan(self.low):
            text = f"{self.value:,}"
        else:
            ends = (self.value, self.low, self.high)
            largest = max((abs(end) for end in ends if math.isfinite(end)), default=0.0)
            decimals = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
            text = format(self, f",.{decimals}f")
        return f"{text} {unit}".strip()

    def as_dict(self) -> dict[str, float | int | None]:
        """Give the four fields for a JSON file, which knows no nan or infinity: those are None."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        return {
            **{name: float(x) if math.isfinite(x) else None for name, x in ends.items()},
            "n": int(self.n),
        }


def score_text(entry: Mapping[str, Any]) -> str:
    """Give a score as `result.json` holds it, by its fields and its unit, as `Score.text`."""
    low, high = (math.nan if entry.get(name) is None else entry[name] for name in ("low", "high"))
    return Score(entry["value"], low, high, entry.get("n") or 0).text(entry.get("unit") or "")


def check_level(level: float) -> None:
    """Raise ParameterError unless the level of an interval lies between 0 and 1."""
    if not 0 < level < 1:
        raise ParameterError(
            f"level is {level}, but the level of an interval lies between 0 and 1; "
            "give for example 0.95."
        )


def check_count(name: str, value: int, least: int) -> None:
    """Raise ParameterError unless the value is a whole number from `least` on."""
    if not isinstance(value, int | np.integer) or value < least:
        raise ParameterError(f"{name} is {value}; give a whole number from {least} on.")


def proportion(successes: int, n: int, level: float = 0.95) -> Score:
    """Give the share successes / n with Wilson's interval, which stays within 0 and 1.

    Raises:
        ParameterError: counts that are not whole, n below 1, successes outside 0 to n, or a
            level outside (0, 1).
    """
    check_level(level)
    check_count("n", n, 1)
    check_count("successes", successes, 0)
    if successes > n:
        raise ParameterError(f"successes is {successes}, above n = {n}; give counts of one set.")
    from scipy.special import ndtri  # takes longer to import than the rest of the package

    z = float(ndtri((1 + level) / 2))
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    # Rounding must not leave the share itself outside.
    low, high = max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)
    return Score(share, low, high, n)


def shifted_bootstrap(
    value: float, drawn: ArrayLike, n: int, level: float, low: float = 0.0, high: float = math.inf
) -> Score:
    """Give a value the spread of its resampled values, for scores that resampling biases.

    Resampling repeats rows, which moves distances up and counts of modes down. So the quantiles
    of `drawn` are shifted by what takes their median to the value; then they are cut to the
    range of the score, `low` to `high`.
    """
    ends = np.quantile(drawn, [(1 - level) / 2, 0.5, (1 + level) / 2])
    lower, upper = value + (ends[0] - ends[1]), value + (ends[2] - ends[1])
    return Score(float(value), float(max(lower, low)), float(min(upper, high)), n)


def over_seeds(
    values: ArrayLike, level: float = 0.95, within: tuple[float, float] | None = None
) -> Score:
    """Give the mean of one score over runs that differ only in their seed.

    The interval is Student's t interval of the mean, so it takes the runs as independent and
    their scores as roughly normal. It is honest about few runs: at 95 % it reaches 9 standard
    deviations to each side with two runs, 2.5 with three, 1.2 with five.

    Args:
        values: one score a run, shape (n,); numbers or `Score` objects.
        level: share of such intervals that hold the true mean.
        within: the smallest and the largest value that the score can have, such as (0, 1) for a
            share. The interval is then taken on the scale of log odds, where it is as many
            standard errors wide, and never leaves the range.

    Returns:
        Mean, interval and number of runs; with one run the interval is nan. Where all runs have
        the same score the interval is that score alone: they say nothing about other seeds.

    Raises:
        DataError: no values, values that are not finite, outside of `within`, or not
            one-dimensional.
        ParameterError: a level outside (0, 1).
    """
    check_level(level)
    runs = _as_runs(values, "values")
    n = len(runs)
    mean = float(runs.mean())
    if within is not None and not (within[0] <= runs.min() and runs.max() <= within[1]):
        raise DataError(
            f"values reach from {runs.min():g} to {runs.max():g}, outside of {within[0]:g} to "
            f"{within[1]:g}; give the range that the score can have."
        )
    if n == 1:
        return Score(mean, math.nan, math.nan, 1)
    from scipy.special import expit, logit, stdtrit  # slow to import

    half = float(stdtrit(n - 1, (1 + level) / 2) * runs.std(ddof=1) / math.sqrt(n))
    if within is None or half == 0:
        return Score(mean, mean - half, mean + half, n)
    smallest, size = within[0], within[1] - within[0]
    share = (mean - smallest) / size
    # The slope of the log odds is 1 / (share · (1 − share)).
    odds = half / size / (share * (1 - share))
    low, high = (smallest + size * float(expit(logit(share) + way * odds)) for way in (-1, 1))
    return Score(mean, low, high, n)


def paired_difference(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> Score:
    """Give the mean of a − b over runs that share their seeds, pair by pair.

    What the seed does to both runs of a pair cancels, so this interval is often much narrower
    than the two intervals of `over_seeds` suggest. An interval without 0 says that the two
    settings differ.

    Args:
        a, b: one score a run, shape (n,) each; entries of the same index share a seed.
        level: share of such intervals that hold the true difference.

    Returns:
        Mean of a − b, Student's t interval of it, and number of pairs.

    Raises:
        DataError: as for `over_seeds`, or the two have different lengths.
        ParameterError: a level outside (0, 1).
    """
    first, second = _as_runs(a, "a"), _as_runs(b, "b")
    if len(first) != len(second):
        raise DataError(
            f"a has {len(first)} runs and b has {len(second)}; "
            "give both the scores of the same seeds in the same order."
        )
    return over_seeds(first - second, level)


def _as_runs(values: ArrayLike, name: str) -> np.ndarray:
    runs = as_numbers(values, name)
    if runs.ndim != 1 or runs.size == 0:
        raise DataError(f"{name} has shape {runs.shape}; give a list with one score a run.")
    return runs
