"""A sweep's tables against SciPy, and its page in a real browser."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

import pandas as pd

from gan_utils.course.cli import app
from gan_utils.course.sweeps import report
from gan_utils.course.sweeps.report import write_report
from gan_utils.course.sweeps.store import StoredRun, stored_runs
from gan_utils.course.sweeps.tables import (
    comparisons,
    parameters_varied,
    read_table,
    summary,
    table_of,
)
from gan_utils.errors import OutputError

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
RATES, SEEDS = (0.1, 0.01), (3, 4, 5, 6)
FD = np.array([[50.0, 61.0, 47.0, 55.5], [41.0, 52.5, 40.0, 45.0]])


def result(parameters: dict, scores: list[dict]) -> dict:
    return {
        "lesson": "x", "parameters": parameters, "scores": scores, "minutes": 1.5,
        "pictures": [{"name": "samples", "file": "samples.gif", "alt": "A <sample>"}],
        "machine": {"cpus": 2, "platform": "Linux", "accelerators": []},
        "versions": {"python": "3.11"},
    }  # fmt: skip


def stored_run(lesson: str, values: dict, scores: dict[str, float] | str | None) -> StoredRun:
    """Done with these scores, failed with this error, or missing."""
    name = f"{lesson}-{'-'.join(map(str, values.values()))}"
    made = None
    if isinstance(scores, dict):
        better = {"FD": "lower", "modes": "higher"}
        listed = [
            {"name": key, "value": value, "unit": "", "better": better.get(key, "")}
            for key, value in scores.items()
        ]
        made = result(values, listed)
    state = "done" if made else "failed" if scores else "missing"
    error = scores if isinstance(scores, str) else ""
    return StoredRun(name, lesson, values, Path(name), state, 1.5 if scores else 0.0, error, made)


@pytest.fixture
def stored():
    return [
        stored_run("03_dcgan", {"rate": rate, "steps": 10, "seed": seed}, {"FD": fd, "time": seed})
        for rate, row in zip(RATES, FD, strict=True)
        for seed, fd in zip(SEEDS, row, strict=True)
    ]


def test_summary_is_students_interval(stored):
    found = summary(table_of(stored))
    assert list(found["score"]) == ["FD", "time"] * 2 and list(found["rate"]) == [
        0.1,
        0.1,
        0.01,
        0.01,
    ]
    for (_, row), values in zip(found[found["score"] == "FD"].iterrows(), FD, strict=True):
        expected = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
        assert (row["mean"], row["low"], row["high"]) == pytest.approx((values.mean(), *expected))
        assert (row["n"], row["better"]) == (4, "lower")


def test_comparison_is_the_paired_interval(stored):
    found = comparisons(table_of(stored))
    assert list(found["score"]) == ["FD", "time"]
    expected = stats.ttest_rel(FD[1], FD[0])
    low, high = expected.confidence_interval(0.95)
    row = found.iloc[0]
    assert (row["difference"], row["low"], row["high"]) == pytest.approx(
        ((FD[1] - FD[0]).mean(), low, high)
    )
    assert expected.pvalue < 0.05 and row["verdict"] == "better"
    # The same time for the same seed: no difference, and no direction that would be better.
    assert (found.iloc[1]["difference"], found.iloc[1]["verdict"]) == (0, "open")


@pytest.mark.parametrize(
    ("name", "values", "verdict"),
    [("FD", (60, 60.5), "worse"), ("FD", (40, 40.5), "better"), ("FD", (0, 100), "open"),
     ("FD", (51, 51.4), "open"), ("modes", (60, 60.5), "better"), ("modes", (40, 40.5), "worse"),
     ("other", (60, 61), "open")],
)  # fmt: skip
def test_verdict_follows_what_is_better(name, values, verdict):
    runs = [
        stored_run("a", {"x": x, "seed": seed}, {name: value})
        for x, pair in enumerate(((50, 50.4), values))
        for seed, value in enumerate(pair)
    ]
    assert list(comparisons(table_of(runs))["verdict"]) == [verdict]


def test_only_shared_seeds_are_paired(stored):
    del stored[0]  # rate 0.1, seed 3
    stored[-1] = stored_run("03_dcgan", {"rate": 0.01, "steps": 10, "seed": 6}, "out of luck")
    row = comparisons(table_of(stored)).iloc[0]
    assert row["n"] == 2
    assert row["difference"] == pytest.approx((FD[1] - FD[0])[1:3].mean())


def test_nothing_is_compared_with_a_first_setting_that_failed(stored):
    failed = [
        stored_run("03_dcgan", {"rate": 0.5, "steps": 10, "seed": seed}, "diverged")
        for seed in SEEDS
    ]
    table = table_of([*failed, *stored])
    assert comparisons(table).empty
    assert list(summary(table)["rate"].unique()) == [0.1, 0.01]


def test_table_has_a_row_a_score_and_one_for_a_run_without(stored):
    other = stored_run("02_mlp", {"layers": 3, "seed": 0, "bias": True}, {"FD": 7})
    table = table_of([*stored, other, stored_run("02_mlp", {"layers": 4, "seed": 0}, None)])
    assert len(table) == 2 * 8 + 1 + 1
    assert parameters_varied(table) == ["rate", "layers", "bias"]
    assert [str(value) for value in table["layers"].dropna()] == ["3", "4"]
    last = table.iloc[-1]
    assert last["state"] == "missing" and pd.isna(last["score"]) and pd.isna(last["value"])


@pytest.fixture
def folder(tmp_path, stored):
    """A sweep of two lessons on disk, with a failed and a missing run."""
    stored += [
        stored_run("04_<wgan>", {"width": 3, "seed": 0}, "ValueError: <b>no</b> luck"),
        stored_run("04_<wgan>", {"width": 4, "seed": 0}, None),
    ]
    for known in stored:
        place = tmp_path / known.name
        place.mkdir()
        if known.state == "done":
            (place / "result.json").write_text(json.dumps(known.result))
            (place / "samples.gif").write_bytes(PIXEL)
        elif known.state == "failed":
            (place / "failed.json").write_text(json.dumps({"error": known.error, "minutes": 1.5}))
    plan = [{"name": r.name, "lesson": r.lesson, "values": r.values} for r in stored]
    (tmp_path / "sweep.json").write_text(json.dumps({"token": "t", "runs": plan}))
    return tmp_path


def test_report_reads_back(folder):
    assert [known.state for known in stored_runs(folder)] == ["done"] * 8 + ["failed", "missing"]
    page = write_report(folder)
    assert page == folder / "report.html"
    table = read_table(folder)
    for read in (pd.read_csv(folder / "table.csv"), pd.read_parquet(folder / "table.parquet")):
        assert list(read.columns) == list(table.columns)
        assert read["value"].to_numpy(float) == pytest.approx(
            table["value"].to_numpy(float), nan_ok=True
        )
    means = pd.read_csv(folder / "summary.csv").query("score == 'FD'")["mean"]
    assert list(means) == pytest.approx(list(FD.mean(axis=1)))
    assert list(pd.read_csv(folder / "comparisons.csv")["score"]) == ["FD", "time"]


def test_the_command_opens_the_page(folder, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    done = CliRunner().invoke(app, ["report", str(folder), "--open"])
    assert done.output == f"Report: {folder / 'report.html'}\n"
    assert opened == [(folder / "report.html").resolve().as_uri()]


@pytest.mark.parametrize("value", ["12", None, [1], True])
def test_one_damaged_result_does_not_cost_the_report(folder, value):
    run = next(known for known in stored_runs(folder) if known.state == "done")
    path = run.folder / "result.json"
    damaged = json.loads(path.read_text())
    damaged["scores"][0]["value"] = value
    path.write_text(json.dumps(damaged))
    page = write_report(folder).read_text(encoding="utf-8")
    assert run.name in page and "has a damaged entry in `scores`: run it again" in page
    table = read_table(folder)
    assert set(table.loc[table["run"] == run.name, "state"]) == {"missing"}


def replaced(content, new):
    """The content, once with each of its parts in place of which `new` stands."""
    yield new
    for name in content if isinstance(content, dict) else range(len(content)):
        parts = content[name]
        for part in replaced(parts, new) if isinstance(parts, dict | list) else (new,):
            copy = json.loads(json.dumps(content))
            copy[name] = part
            yield copy


def test_no_damage_costs_the_report(folder, monkeypatch):
    """Whatever part of a result is something else, there is a page, or the run is to do again."""
    monkeypatch.setattr(report, "_plot", lambda *_: {"source": "", "alt": ""})
    run = next(known for known in stored_runs(folder) if known.state == "done")
    path = run.folder / "result.json"
    whole = json.loads(path.read_text())
    cases = [case for new in (None, "12", -1.5, [], {}) for case in replaced(whole, new)]
    assert len(cases) > 100
    for case in cases:
        path.write_text(json.dumps(case))
        (known,) = [known for known in stored_runs(folder) if known.name == run.name]
        if known.state == "done":  # what it lacks is no part of a report, or has a word instead
            write_report(folder)
        else:  # as the test above shows in the page
            assert known.state == "missing" and "again" in known.error


def test_folder_without_a_sweep(tmp_path):
    with pytest.raises(OutputError, match=r"sweep\.json cannot be read \(no such file"):
        write_report(tmp_path)
    (tmp_path / "sweep.json").write_text('{"runs": [')
    with pytest.raises(OutputError, match="it is damaged"):
        write_report(tmp_path)


def test_page_in_a_browser(folder):
    browser = pytest.importorskip("browser", reason="tools/ lies in the checkout")
    if not browser.find_chromium():
        pytest.skip("needs the program chromium")
    page_file = write_report(folder)
    with browser.open_browser(1200, 900) as watched:
        page = watched.page
        page.goto(page_file.as_uri())
        assert page.title() == f"Sweep {folder.name}: 10 runs"
        assert page.locator(".totals b").all_inner_texts() == ["8 of 10", "1", "13.5 min"]
        first = page.locator("#\\30 3_dcgan table").nth(0).locator("tbody tr").nth(0)
        low, high = stats.t.interval(0.95, 3, FD[0].mean(), stats.sem(FD[0]))
        told = ["0.1", "4 of 4", f"{FD[0].mean():.1f} [{low:.1f}, {high:.1f}]"]
        assert first.locator("td").all_inner_texts()[:3] == told
        better = page.locator("td.better")
        assert better.count() == 1 and better.inner_text().endswith("✓")
        # One picture a setting, side by side, and each of them is there.
        shown = page.locator(".pictures img")
        assert shown.count() == 2
        tops = {box["y"] for box in (shown.nth(i).bounding_box() for i in range(2))}
        assert len(tops) == 1
        for image in page.locator("img").all():
            image.scroll_into_view_if_needed()
            assert image.evaluate("i => i.complete && i.naturalWidth > 0")
            assert image.get_attribute("alt")
        assert page.locator("#failed .error").inner_text() == "ValueError: <b>no</b> luck"
        for width in (1200, 400):  # the page itself never scrolls sideways
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert watched.faults == []
    assert all(url == page_file.as_uri() or url.startswith("data:") for url in watched.requests)
