"""What came out of a sweep as tables: every score, its summary over seeds, what differs.

From Python, in a notebook:

    table = read_table("runs/chile")
    summary(table)        # mean and interval over seeds, one row a setting and score
    comparisons(table)    # paired with the first setting, seed by seed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gan_utils.course.sweeps.plan import COLUMNS
from gan_utils.course.sweeps.store import StoredRun, stored_runs
from gan_utils.metrics.score import Score, over_seeds, paired_difference

SCORED = COLUMNS[COLUMNS.index("value") :]
DTYPES = {bool: "boolean", int: "Int64", float: "float64", str: "string"}
NUMBERS = ("minutes", "value", "low", "high", "n")


def read_table(folder: str | Path) -> pd.DataFrame:
    """One row for each score of each run of a sweep.

    Columns: `run`, `lesson`, `state` ("done", "failed" or "missing"), `minutes`, `error`; the
    parameters; `score` with its `value`, `unit`, `better`, and the interval `low` to `high` and
    `n` that the run itself gave.  A run without scores has one row, its `score` empty.  Raises
    OutputError where the folder holds no sweep.
    """
    return table_of(stored_runs(Path(folder)))


def table_of(stored: Sequence[StoredRun]) -> pd.DataFrame:
    """The same of runs that are read already."""
    rows: list[dict[str, Any]] = []
    for known in stored:
        run = {
            "run": known.name, "lesson": known.lesson, "state": known.state,
            "minutes": known.minutes, "error": known.error, **known.values,
        }  # fmt: skip
        for score in known.result["scores"] if known.result else [{}]:
            measured = {name: score.get(name) for name in SCORED}
            rows.append({**run, "score": score.get("name"), **measured})
    # As objects first: a whole number stays one where another lesson lacks the parameter.
    table = pd.DataFrame(rows, dtype=object)
    for name in table.columns:
        kinds = {type(value) for value in table[name].dropna()}
        # Where lessons declare one name in several types, it is text.
        kind = float if name in NUMBERS else kinds.pop() if len(kinds) == 1 else str
        if kind is str:
            table[name] = table[name].map(str, na_action="ignore")
        table[name] = table[name].astype(DTYPES[kind])
    return table


def parameters_varied(table: pd.DataFrame) -> list[str]:
    """The parameters that differ among the runs of a lesson, `seed` left out."""
    names = [name for name in table.columns if name not in (*COLUMNS, "seed")]
    lessons = table.groupby("lesson")
    return [name for name in names if (lessons[name].nunique(dropna=False) > 1).any()]


def setting_of(values: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """The values of some parameters as they would be typed; empty where a lesson has none."""
    chosen = (values.get(name) for name in names)
    return tuple("" if pd.isna(value) else str(value) for value in chosen)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds of each score in each setting, with Student's t interval of 95 %.

    One row a lesson, setting and score, in the order of the sweep: the parameters that vary,
    `score`, `mean`, `low`, `high`, `n` (runs that are done), `unit`, `better`.
    """
    rows = []
    for setting, score, runs in _groups(table):
        mean = over_seeds(runs["value"].to_numpy(float))
        rows.append({**setting, "score": score, **_numbers(mean, "mean"), **_kind(runs)})
    columns = ["lesson", *parameters_varied(table), "score", "mean", "low", "high", "n"]
    return pd.DataFrame(rows, columns=[*columns, "unit", "better"])


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Each setting's score minus that of its lesson's first setting, paired by seed.

    Only seeds that both settings have done count; with fewer than two there is no row, and none
    for a lesson whose first setting failed.  One row
    a setting and score: `difference`, `low`, `high` (95 %), `n` pairs, `verdict` ("better",
    "worse", or "open" where the interval holds 0 or no direction is better).
    """
    names = parameters_varied(table)
    first = {known["lesson"]: setting_of(known, names) for known in table[::-1].to_dict("records")}
    rows = []
    base: dict[tuple[str, str], pd.Series] = {}
    for setting, score, runs in _groups(table):
        lesson = setting["lesson"]
        values = runs.set_index("seed")["value"]
        if setting_of(setting, names) == first[lesson]:
            base[lesson, score] = values
            continue
        if (lesson, score) not in base:
            continue
        base_values = base[lesson, score]
        seeds = base_values.index.intersection(values.index)
        if len(seeds) < 2:
            continue
        difference = paired_difference(values[seeds].to_numpy(), base_values[seeds].to_numpy())
        kind = _kind(runs)
        verdict = _verdict(difference, kind["better"])
        rows.append(
            {**setting, "score": score, **_numbers(difference, "difference"), **kind,
             "verdict": verdict}
        )  # fmt: skip
    columns = ["lesson", *names, "score", "difference", "low", "high", "n", "unit", "better"]
    return pd.DataFrame(rows, columns=[*columns, "verdict"])


def _groups(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], str, pd.DataFrame]]:
    """The done runs of each setting and score, in the order of the sweep."""
    names = parameters_varied(table)
    scored = table[table["score"].notna()]
    keys = ["lesson", *names, "score"]
    for key, runs in scored.groupby(keys, sort=False, dropna=False):
        setting = dict(zip(keys[:-1], key[:-1], strict=True))
        yield setting, key[-1], runs


def _numbers(score: Score, middle: str) -> dict[str, Any]:
    return {middle: score.value, "low": score.low, "high": score.high, "n": score.n}


def _kind(runs: pd.DataFrame) -> dict[str, str]:
    first = runs.iloc[0]
    return {name: "" if pd.isna(first[name]) else first[name] for name in ("unit", "better")}


def _verdict(score: Score, better: str) -> str:
    # Counts can differ by the same in every pair; that an interval has no width is no certainty.
    if score.low <= 0 <= score.high or score.low == score.high or not better:
        return "open"
    return "better" if (score.value > 0) == (better == "higher") else "worse"
