"""What lessons read of recorded sweeps, against the recorded table itself."""

from __future__ import annotations

import csv
import re
from statistics import mean, median

import pytest

from gan_utils.data.bundle import data_dir
from gan_utils.data.recorded import (
    recorded_range,
    recorded_runs,
    recorded_sweep,
    recorded_sweep_source,
)
from gan_utils.errors import DataError

SWEEPS = (
    "adaptation", "began", "began_controls", "began_gamma", "began_garments", "chile",
    "completion", "conditional", "grid", "grid_rates", "growing", "growing_colour", "growing_cost",
    "patches", "plane_best", "recipe", "recipe_seeds", "stabilisers", "tradeoff", "translation",
    "unbalanced", "unbalanced_sizes", "unpaired", "video", "voxels",
)  # fmt: skip


@pytest.mark.parametrize("name", SWEEPS)
def test_means_and_differences_are_those_of_the_runs(name):
    folder = data_dir() / "recorded" / "sweeps" / name
    with (folder / "table.csv").open(newline="", encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file))
    varied = header[1 : header.index("score")]
    score = runs[0]["score"]
    values: dict[tuple[str, ...], dict[str, float]] = {}
    for run in runs:
        if run["score"] == score:
            setting = tuple(run[name] for name in varied)
            values.setdefault(setting, {})[run["seed"]] = float(run["value"])
    found = recorded_sweep(name, score)
    assert list(found) == list(values)
    for setting, score_of in found.items():
        assert score_of.value == pytest.approx(mean(values[setting].values()))
        assert score_of.low <= score_of.value <= score_of.high
        assert score_of.n == len(values[setting])
    of_runs = [float(run["value"]) for run in runs if run["score"] == score]
    assert recorded_runs(name, score) == of_runs and len(of_runs) >= 5
    for setting, by_seed in values.items():
        found_range, of_setting = recorded_range(name, score, setting), by_seed.values()
        ends = (found_range.low, found_range.value, found_range.high, found_range.n)
        assert ends == (min(of_setting), median(of_setting), max(of_setting), len(of_setting))
        assert recorded_runs(name, score, setting) == list(of_setting)
    first = next(iter(values.values()))
    differences = recorded_sweep(name, score, "comparisons")
    assert list(differences) == list(values)[1:]
    for setting, difference in differences.items():
        pairs = [values[setting][seed] - first[seed] for seed in first]
        assert difference.value == pytest.approx(mean(pairs))
    source = recorded_sweep_source(name)
    assert f"{len({run['run'] for run in runs})} runs" in source
    assert re.search(r"by version \d+\.\d+\.\d+ of the course: gan-course sweep ", source)


def test_a_score_that_no_run_has():
    with pytest.raises(DataError, match="No run of the sweep 'chile' has the score 'beauty'"):
        recorded_runs("chile", "beauty")
    with pytest.raises(DataError, match="has no setting"):
        recorded_range("chile", "FD", ("none",))
