"""Tables of the sweeps that the course recorded, for lessons to show."""

from __future__ import annotations

import csv

import numpy as np

from gan_utils.data.bundle import data_dir, read_json
from gan_utils.errors import DataError
from gan_utils.metrics.score import Score

MIDDLES = {"summary": "mean", "comparisons": "difference"}


def recorded_sweep(name: str, score: str, table: str = "summary") -> dict[tuple[str, ...], Score]:
    """One score of a recorded sweep: {values of the parameters that vary: score}.

    name: folder in data/recorded/sweeps/.
    table: "summary" gives means over seeds, "comparisons" the differences from the first setting
        on the same seeds, which has none itself.

    Settings come in the order of the sweep, their values as text.
    """
    path = data_dir() / "recorded" / "sweeps" / name / f"{table}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        varied = reader.fieldnames[1 : reader.fieldnames.index("score")]
        return {
            tuple(row[column] for column in varied): Score(
                *(float(row[column]) for column in (MIDDLES[table], "low", "high")), int(row["n"])
            )
            for row in reader
            if row["score"] == score
        }


def recorded_runs(name: str, score: str, settings: tuple[str, ...] | None = None) -> list[float]:
    """One score of every run of a recorded sweep, in the order of its runs.

    settings: values of the parameters that vary, as `recorded_sweep` gives them, for the runs of
        these alone, one a seed. Not every setting need have every score.

    Raises `DataError` where no run has this score, and for settings of which none has it.
    """
    if settings is not None:
        known = list(recorded_sweep(name, score))
        if settings not in known:
            raise DataError(f"The sweep {name!r} has no setting {settings}; it has {known}.")
    path = data_dir() / "recorded" / "sweeps" / name / "table.csv"
    with path.open(newline="", encoding="utf-8") as file:
        values = [float(row["value"]) for row in csv.DictReader(file) if row["score"] == score]
    if not values:
        raise DataError(f"No run of the sweep {name!r} has the score {score!r}; see {path}.")
    if settings is None:
        return values
    return np.reshape(values, (len(known), -1))[known.index(settings)].tolist()


def recorded_range(name: str, score: str, settings: tuple[str, ...] = ()) -> Score:
    """Median, smallest and largest of one score over the seeds of one setting of a recorded sweep.

    settings: values of the parameters that vary, as `recorded_sweep` gives them. Where one training
    of five fails, this says so, and an interval around the mean does not. Raises `DataError` for
    settings that the sweep does not have.
    """
    runs = recorded_runs(name, score, settings)
    return Score(float(np.median(runs)), min(runs), max(runs), len(runs))


def recorded_sweep_source(name: str) -> str:
    """How a recorded sweep was made, in two lines."""
    source = read_json(data_dir() / "recorded" / "sweeps" / name / "provenance.json")
    machine = source["machine"]["name"]
    return (
        f"{source['runs']} runs of {source['minutes']:.0f} minutes all together ({machine}),\n"
        f"by version {source['package']} of the course: {source['command']}"
    )
