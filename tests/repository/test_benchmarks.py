"""The benchmarks' bookkeeping: what is recorded, and that the README shows it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from gan_utils import __version__
from gan_utils.course.package_hash import modules

pytestmark = pytest.mark.repository

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bench  # noqa: E402
import quality  # noqa: E402
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
    assert entry["version"] == __version__
    readme = recording.README.read_text()
    assert readme.startswith("before\n") and readme.endswith("\nafter\n")
    assert "| it | 2 s | One |" in readme and "| it | 4 s | Another |" in readme
    assert "hidden" not in readme and "old" not in readme
    assert "hidden  3 s" in capsys.readouterr().out


def test_every_figure_names_the_version_that_it_measured():
    for entries in recording.read().values():
        for entry in entries.values():
            rows = recording.table({"script": {"processor": entry}}).splitlines()[2:]
            assert all(f"| {entry['version']}, `{entry['command']}`" in row for row in rows)


# Trainings that are kept


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package, which the hashes follow instead of the package itself."""
    copied = tmp_path / "gan_utils"
    for name, path in modules().items():
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied / name)
    monkeypatch.setattr(quality, "modules", lambda: modules(copied))
    return copied


def hashes() -> tuple[str, str]:
    """Those of both kinds of training now: the tutorial's loop, and the course's own."""
    quality.sources.cache_clear()
    found = quality.sources("textbook"), quality.sources("course")
    quality.sources.cache_clear()
    return found


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_moved_and_better_worded_modules_cost_no_training(package):
    before = hashes()
    (package / "networks" / "documents.py").rename(package / "networks" / "papers.py")
    (package / "networks" / "more").mkdir()
    (package / "networks" / "stacks.py").rename(package / "networks" / "more" / "stacks.py")
    losses = package / "training" / "losses.py"
    words = losses.read_text(encoding="utf-8").replace('"""', '"""Better said: ', 1)
    words += "\nimport math  # why\n"
    losses.write_bytes(words.replace("\n", "\r\n").encode())
    append(package / "widgets" / "gan_lab.py", "\nother = True\n")
    append(package / "course" / "cli.py", "\nother = True\n")
    assert hashes() == before


@pytest.mark.parametrize(
    ("name", "both"),
    [
        ("metrics/frechet.py", True),
        ("judging/evaluators.py", True),
        ("networks/documents.py", True),
        ("data/images.py", True),
        ("fast/precision.py", True),
        ("training/losses.py", False),
        ("streams.py", False),
    ],
)
def test_changed_code_costs_the_trainings_that_pass_through_it(package, name, both):
    before = hashes()
    append(package / name, "\nother = True\n")
    after = hashes()
    assert after[1] != before[1]
    assert (after[0] != before[0]) == both


def test_what_a_module_does_is_its_code_alone():
    source = (
        '"""Words."""\n\nimport math\nfrom a import (\n    b,\n    c,\n)\n\n# why\n'
        'def f(x):\n    """Words\n\n    and more."""\n    import d\n\n    return "# x"  # so\n'
        'class C:\n    "Words."\n    y = "not words"\n'
    )
    assert quality.doings(source) == ('def f(x):\n    return "# x"\nclass C:\n    y = "not words"')


def test_every_kept_training_names_its_version_and_its_command():
    kept = sorted(quality.FOLDER.glob("*.json"))
    assert kept
    for path in kept:
        way, seed, digits = path.stem.rsplit("-", 2)
        entry = json.loads(path.read_text(encoding="utf-8"))
        assert len(digits) == 12 and way in {quality.file_name(way) for way in quality.WAYS}
        assert entry["version"] and f":{seed}" in entry["command"], path
