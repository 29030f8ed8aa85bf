"""The benchmarks' bookkeeping: what is recorded, and that the README shows it."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bench  # noqa: E402
import recording  # noqa: E402
from recording import Row  # noqa: E402


def test_the_readme_shows_what_is_recorded():
    readme = recording.README.read_text(encoding="utf-8")
    shown = readme.split(recording.START)[1].split(recording.END)[0]
    assert shown == "\n" + recording.table(recording.read())


def test_make_bench_runs_every_benchmark_and_nothing_else_is_recorded():
    helpers = {"bench", "recording"}
    assert {path.stem for path in BENCHMARKS.glob("*.py")} - helpers == set(bench.NAMES)
    assert recording.read().keys() <= set(bench.NAMES)


def test_an_unknown_benchmark_is_named():
    with pytest.raises(SystemExit, match="there is no benchmark 'stepp': choose of"):
        bench.main(["stepp"])


@pytest.mark.parametrize(
    ("value", "text"), [(1744.4, "1,744"), (244.2, "244"), (2.449, "2.45"), (0.0312, "0.0312")]
)
def test_numbers_as_people_say_them(value, text):
    assert recording.short(value) == text


def test_a_figure_carries_its_spread():
    assert Row("x", 2.0, "s").figure == "2 s"
    assert recording.spread("x", [3.0, 1.0, 2.0], "s").figure == "2 [1, 3] s"
    turns = recording.ratios("x", base=[4.0, 9.0, 5.0], times=[2.0, 3.0, 5.0])
    assert (turns.value, turns.low, turns.high) == (2.0, 1.0, 3.0)


def test_one_benchmark_replaces_its_own_part_only(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(recording, "processor", lambda: "One")
    monkeypatch.setattr(recording, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(recording, "README", tmp_path / "README.md")
    frame = f"before\n{recording.START}\nold\n{recording.END}\nafter\n"
    recording.README.write_text(frame)
    for value in (1.0, 2.0):
        recording.run("benchmarks/one.py", lambda value=value: [Row("it", value, "s", shown=True)])
    recording.run("benchmarks/other.py", lambda: [Row("hidden", 3.0, "s")])
    monkeypatch.setattr(recording, "processor", lambda: "Another")
    recording.run("benchmarks/one.py", lambda: [Row("it", 4.0, "s", shown=True)])
    found = [
        (script, processor, entry["rows"][0]["value"])
        for script, entries in recording.read().items()
        for processor, entry in entries.items()
    ]
    assert found == [("one", "Another", 4.0), ("one", "One", 2.0), ("other", "One", 3.0)]
    entry = recording.read()["one"]["One"]
    assert entry["command"] == "python benchmarks/one.py"
    assert entry["machine"]["cpus"] and entry["versions"]["tensorflow"]
    readme = recording.README.read_text()
    assert readme.startswith("before\n") and readme.endswith("\nafter\n")
    assert "| it | 2 s | One |" in readme and "| it | 4 s | Another |" in readme
    assert "hidden" not in readme and "old" not in readme
    assert "hidden  3 s" in capsys.readouterr().out
