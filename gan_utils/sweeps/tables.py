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

from gan_utils.errors import DataError
from gan_utils.metrics.score import Score, over_seeds, paired_difference
from gan_utils.sweeps.store import Record, read_records

OWN = ("run", "lesson", "state", "minutes", "error", "score", "value", "low", "high", "n",
       "unit", "better")  # fmt: skip
SCORED = OWN[OWN.index("value") :]


def read_table(folder: str | Path) -> pd.DataFrame:
    """One row for each score of each run of a sweep.

    Columns: `run`, `lesson`, `state` ("done", "failed" or "missing"), `minutes`, `error`; the
    parameters; `score` with its `value`, `unit`, `better`, and the interval `low` to `high` and
    `n` that the run itself gave.  A run without scores has one row, its `score` empty.  Raises
    OutputError where the folder holds no sweep, DataError where a parameter has a name of ours.
    """
    return table_of(read_records(Path(folder)))


def table_of(records: Sequence[Record]) -> pd.DataFrame:
    """The same of records that are read already."""
    rows: list[dict[str, Any]] = []
    for known in records:
        if clash := set(OWN) & known.values.keys():
            raise DataError(f"lesson {known.lesson} has a parameter `{min(clash)}`: rename it.")
        run = {
            "run": known.name, "lesson": known.lesson, "state": known.state,
            "minutes": known.minutes, "error": known.error, **known.values,
        }  # fmt: skip
        for score in known.result["scores"] if known.result else [{}]:
            measured = {name: score.get(name) for name in SCORED}
            rows.append({**run, "score": score.get("name"), **measured})
    table = pd.DataFrame(rows)
    for name in table.columns:
        # Where lessons declare one name in several types, Parquet takes them as text.
        if len({type(value) for value in table[name].dropna()}) > 1 and name not in OWN:
            table[name] = table[name].map(lambda value: None if pd.isna(value) else str(value))
    return table


def parameters_varied(table: pd.DataFrame) -> list[str]:
    """The parameters that differ among the runs, `seed` left out."""
    names = [name for name in table.columns if name not in (*OWN, "seed")]
    return [name for name in names if table[name].nunique(dropna=False) > 1]


def setting_of(values: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """The values of some parameters as they would be typed."""
    return tuple(str(values.get(name, "")) for name in names)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds of each score in each setting, with Student's t interval of 95 %.

    One row a lesson, setting and score, in the order of the sweep: the parameters that vary,
    `score`, `mean`, `low`, `high`, `n` (runs that are done), `unit`, `better`.
    """
    rows = []
    for setting, score, runs in _groups(table):
        found = over_seeds(runs["value"].to_numpy(float))
        rows.append({**setting, "score": score, **_numbers(found, "mean"), **_kind(runs)})
    names = ["lesson", *parameters_varied(table), "score", "mean", "low", "high", "n"]
    return pd.DataFrame(rows, columns=[*names, "unit", "better"])


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Each setting's score minus that of its lesson's first setting, paired by seed.

    Only seeds that both settings have done count; with fewer than two there is no row.  One row
    a setting and score: `difference`, `low`, `high` (95 %), `n` pairs, `verdict` ("better",
    "worse", or "open" where the interval holds 0 or no direction is better).
    """
    rows = []
    first: dict[tuple[str, str], pd.Series] = {}
    for setting, score, runs in _groups(table):
        values = runs.set_index("seed")["value"].astype(float)
        base = first.setdefault((setting["lesson"], score), values)
        seeds = base.index.intersection(values.index)
        if base is values or len(seeds) < 2:
            continue
        found = paired_difference(values[seeds].to_numpy(), base[seeds].to_numpy())
        kind = _kind(runs)
        verdict = _verdict(found, kind["better"])
        rows.append(
            {**setting, "score": score, **_numbers(found, "difference"), **kind,
             "verdict": verdict}
        )  # fmt: skip
    names = ["lesson", *parameters_varied(table), "score", "difference", "low", "high", "n"]
    return pd.DataFrame(rows, columns=[*names, "unit", "better", "verdict"])


def _groups(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], str, pd.DataFrame]]:
    """The done runs of each setting and score, in the order of the sweep."""
    names = parameters_varied(table)
    scored = table[table["score"].notna()]
    keys = ["lesson", *names, "score"]
    for key, runs in scored.groupby(keys, sort=False, dropna=False):
        setting = dict(zip(keys[:-1], key[:-1], strict=True))
        yield setting, key[-1], runs


def _numbers(found: Score, middle: str) -> dict[str, Any]:
    return {middle: found.value, "low": found.low, "high": found.high, "n": found.n}


def _kind(runs: pd.DataFrame) -> dict[str, str]:
    return {name: runs[name].iloc[0] or "" for name in ("unit", "better")}


def _verdict(found: Score, better: str) -> str:
    if found.low <= 0 <= found.high or not better:
        return "open"
    return "better" if (found.value > 0) == (better == "higher") else "worse"
