"""Sweep files: what they spread out into, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gan_utils.course.sweeps import plan
from gan_utils.course.sweeps.plan import read_sweep, varied
from gan_utils.errors import CourseError, ParameterError

PARAMETERS = """\
seed: int = 0  # random seed [0, 1000]
folder: str = ""  # folder for this run's files
steps: int = 100  # steps [1, 10000]
rate: float = 0.1  # step size (0, 1]
loss: str = "minimax"  # objective {minimax, wasserstein}
average: bool = True  # keep an average"""


def lesson(stem: str, parameters: str = PARAMETERS, code: str = "print(1)", prose: str = "# 1"):
    cells = [
        new_markdown_cell(prose),
        new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        new_code_cell(code),
    ]
    path = Path("notebooks") / f"{stem}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbformat.writes(new_notebook(cells=cells)), encoding="utf-8")


@pytest.fixture(autouse=True)
def course(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lesson("01_first")
    lesson("02_second", PARAMETERS.replace("loss", "objective"))


def runs(text: str):
    Path("s.yaml").write_text(text, encoding="utf-8")
    return read_sweep(Path("s.yaml"))


def told(text: str, *names: str) -> list[tuple]:
    return [tuple(run.values[name] for name in names) for run in runs(text)]


def test_a_lesson_alone_is_one_run_with_its_defaults():
    (run,) = runs("lessons: 01")
    assert run.values == {
        "seed": 0, "steps": 100, "rate": 0.1, "loss": "minimax", "average": True,
    }  # fmt: skip


def test_grid_is_every_combination_and_seeds_vary_fastest():
    text = "lessons: 1\ngrid: {steps: [10, 20], loss: [minimax, wasserstein]}\nseeds: 2"
    assert told(text, "steps", "loss", "seed") == [
        (steps, loss, seed)
        for steps in (10, 20)
        for loss in ("minimax", "wasserstein")
        for seed in (0, 1)
    ]


def test_list_is_combined_with_the_grid():
    text = (
        "lessons: 01\nset: {average: false}\ngrid: {loss: [minimax, wasserstein]}\n"
        "list:\n- {steps: 10, rate: 1e-3}\n- {steps: 20}\nseeds: [7]"
    )
    assert told(text, "loss", "steps", "rate", "seed", "average") == [
        ("minimax", 10, 0.001, 7, False), ("minimax", 20, 0.1, 7, False),
        ("wasserstein", 10, 0.001, 7, False), ("wasserstein", 20, 0.1, 7, False),
    ]  # fmt: skip


def test_draws_keep_to_their_bounds_and_their_seed():
    text = (
        "lessons: 01\nrandom:\n  draws: 200\n  seed: {seed}\n  steps: {{low: 1, high: 9}}\n"
        "  rate: {{low: 1e-4, high: 1, scale: log}}\n  loss: [minimax, wasserstein]"
    )
    drawn = told(text.format(seed=3), "steps", "rate", "loss")
    assert drawn == told(text.format(seed=3), "steps", "rate", "loss")
    assert drawn != told(text.format(seed=4), "steps", "rate", "loss")
    steps, rates, losses = zip(*drawn, strict=True)
    assert set(steps) == set(range(1, 10)) and set(losses) == {"minimax", "wasserstein"}
    assert all(1e-4 <= rate <= 1 for rate in rates)
    # Half of the draws on a log scale lie below the middle, 0.01: 100 ± 4 standard deviations.
    assert 70 < sum(rate < 0.01 for rate in rates) < 130


CONDITIONS = """\
seed: int = 0  # random seed [0, 1000]
folder: str = ""  # folder for this run's files
steps: int = 100  # updates, a multiple of 100 [100, 10000]
loss: str = "minimax"  # objective {minimax, wasserstein}
noise: float = 0.0  # of the labels, only with loss=minimax [0, 0.5]"""


def test_draws_keep_to_multiples():
    lesson("03_third", CONDITIONS)
    text = "lessons: 03\nrandom: {draws: 50, steps: {low: 200, high: 500}}"
    assert {steps for (steps,) in told(text, "steps")} == {200, 300, 400, 500}


def test_draws_of_multiples_are_even():
    """The ends are drawn as often as the rest: a quarter of 400 each, ± 4 standard deviations."""
    lesson("03_third", CONDITIONS)
    steps = "steps: {low: 200, high: 500}"
    text = f"lessons: 03\nrandom: {{draws: 400, {steps}, noise: {{low: 0, high: 0.5}}}}"
    drawn = [steps for (steps,) in told(text, "steps")]
    assert all(abs(drawn.count(steps) - 100) < 36 for steps in (200, 300, 400, 500))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("grid: {steps: [500, 750]}", "parameter `steps` is 750, no multiple of 100"),
        ("grid: {noise: [0, 0.1], loss: [minimax, wasserstein]}",
         "parameter `noise` is 0.1, which needs `loss` to be 'minimax', and it is 'wasserstein'"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_when_it_is_planned(text, words):
    lesson("03_third", CONDITIONS)
    with pytest.raises(ParameterError, match=rf"^sweep file s\.yaml.*: lesson 03_third: {words}"):
        runs(f"lessons: 03\n{text}")
    assert len(runs("lessons: 03\ngrid: {noise: [0, 0.1]}")) == 2


def test_draws_that_repeat_a_run_are_made_once():
    assert len(runs("lessons: 01\nrandom: {draws: 50, loss: [minimax, wasserstein]}")) == 2


def test_several_lessons_follow_each_other():
    found = runs("lessons: [02, 01]\nset: {steps: 5}\nseeds: 2")
    assert [run.lesson.name for run in found] == ["02_second"] * 2 + ["01_first"] * 2


def test_varied_names_leave_out_the_seed():
    found = runs("lessons: 01\ngrid: {rate: [0.1, 0.2], steps: [5]}\nseeds: 3")
    assert varied(found) == ["rate"]


def test_name_follows_code_parameters_package_and_data(monkeypatch):
    def name(text="lessons: 01"):
        return runs(text)[0].name

    first = name()
    assert first.startswith("01_first-") and len(first) == len("01_first-") + 12
    lesson("01_first", prose="# Other words")
    assert name() == first
    assert name("lessons: 01\nset: {steps: 100}") == first
    assert name("lessons: 01\nset: {steps: 101}") != first
    assert name("lessons: 01\nseeds: [1]") != first
    lesson("01_first", code="print(2)")
    assert name() != first
    lesson("01_first")
    assert name() == first
    monkeypatch.setattr(plan, "package_hash", lambda: "another package")
    assert name() != first


def test_notebooks_come_from_here_or_with_the_package_and_from_nowhere_else(tmp_path, monkeypatch):
    """A sweep file may come from anybody; where the package is installed, its lessons lie there."""
    installed = tmp_path / "installed"
    (tmp_path / "notebooks").rename(installed)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    text = f"lessons: {installed / '01_first.ipynb'}"
    with pytest.raises(ParameterError, match="lies outside of this folder and of the sweep file"):
        runs(text)
    monkeypatch.setattr(plan, "brought_along", lambda: (tmp_path / "none", installed))
    assert len(runs(text)) == 1


def test_run_keeps_the_notebook_that_it_was_named_by():
    (run,) = runs("lessons: 01")
    lesson("01_first", code="print(3)")
    assert "print(1)" in run.notebook and "print(3)" not in run.notebook


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("folder: str = ''  # folder", "declares no `seed`: add it there"),
        (PARAMETERS + "\nn: int = 3  # width [1, 9]", "has a parameter `n`, which a column of"),
        (
            PARAMETERS + '\nprecision: str = "auto"  # format {auto, float32}',
            "would measure its `precision` anew in each run",
        ),
    ],
)
def test_lesson_that_no_sweep_could_compare_is_refused(parameters, told):
    lesson("03_odd", parameters)
    with pytest.raises(
        ParameterError, match=r"^sweep file s\.yaml, line 1: lesson 03_odd"
    ) as caught:
        runs("lessons: 03")
    assert told in str(caught.value)


REFUSED = {
    "lesson: 01": "line 1: `lesson` is no part of a sweep: use lessons, set,",
    "set: {steps: 1}": "names no lesson: add a line `lessons: 03`",
    "lessons: []": "line 1: `lessons` is no list of values",
    "lessons: 01\nset: {stpes: 5}": "line 2: lesson 01_first: unknown parameter `stpes`: did you",
    "lessons: [1, 2]\nset: {loss: minimax}": "line 2: lesson 02_second: unknown parameter `loss`",
    "lessons: 01\ngrid:\n  steps: [5, x]": "line 3: lesson 01_first: parameter `steps` is 'x'",
    "lessons: 01\ngrid:\n  steps:\n  - 5\n  - 0": "line 5: lesson 01_first: parameter `steps` is 0",
    "lessons: 01\ngrid: {steps: 5}": "line 2: `steps` is no list of values",
    "lessons: 01\ngrid: {steps: []}": "line 2: `steps` is no list of values",
    "lessons: 01\ngrid: {average: [yes]}": "line 2: lesson 01_first: parameter `average` is 'yes'",
    "lessons: 01\ngrid: {steps: [[1, 2]]}": "line 2: `steps` is a list or a mapping",
    "lessons: 01\ngrid: [steps]": "line 2: `grid` holds no `name: value` lines",
    "lessons: 01\ngrid: {steps: [1], steps: [2]}": "line 2: `steps` is there a second time",
    "lessons: 01\nset: {steps: 1}\ngrid: {steps: [1]}": "`steps` stands in two parts of the file",
    "lessons: 01\nset:\n  seed: 3": "line 3: `seed` is for all runs: write `seeds: [7]` outside",
    "lessons: 01\ngrid: {folder: [a]}": "line 2: `folder` is given to each run by the sweep",
    "lessons: 01\nlist: [steps]": "line 2: an entry of `list` holds no `name: value` lines",
    "lessons: 01\nseeds: 0": "line 2: `seeds` is 0: give a whole number from 1 on",
    "lessons: 01\nseeds: many": "line 2: `seeds` is many: give a whole number",
    "lessons: 01\nseeds: 2000": "line 2: lesson 01_first: parameter `seed` is 1999, above",
    "lessons: 01\nrandom: {draws: 2, steps: {low: 1, high: 99999999999999999999}}": "is 9999999",
    "lessons: 01\nseeds: [0, 5000]": "line 2: lesson 01_first: parameter `seed` is 5000, above",
    "lessons: 01\nrandom: {rate: [0.1]}": "line 2: `random` does not say how many",
    "lessons: 01\nrandom: {draws: 2, rate: {low: 1}}": "`rate` needs low and high",
    "lessons: 01\nrandom: {draws: 2, rate: {low: 0.2, high: 0.1}}": "`rate` cannot be drawn so",
    "lessons: 01\nrandom: {draws: 2, loss: {low: a, high: b}}": "parameter `loss` is 'a', not am",
    "lessons: 01\nrandom: {draws: 2, rate: {low: 0.1, high: 0.2, scale: cube}}": "a scale of line",
    "lessons: 01\nrandom: {draws: 2, rate: {low: 0, high: 1, scale: log}}": "is 0.0, not above 0",
    "lessons: 01\nset: {steps:}": "line 2: `steps` has no value",
    "- 01": "sweep file s.yaml holds no `name: value` lines",
    "": "sweep file s.yaml holds no `name: value` lines",
    "lessons: [01": "is not YAML",
    "lessons: 01\ncell_seconds: 0.5": "line 2: `cell_seconds` is 0.5: give a whole number from 1",
    "lessons: 01\nseeds: 600\ngrid: {average: [true, false]}": "asks for 1,200 runs, and more than",
    "lessons: 01\nrandom: {draws: 9999999999, rate: [0.1]}": "asks for 9,999,999,999 runs",
    "lessons: [1, 2]\nseeds: 999": "asks for 1,998 runs, and more than 1,000 are rarely meant:",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_one_sentence_with_its_line(text):
    with pytest.raises(ParameterError) as caught:
        runs(text)
    assert str(caught.value).startswith("sweep file s.yaml") and REFUSED[text] in str(caught.value)


def test_the_checkouts_own_notebooks_may_be_run_from_anywhere():
    checkout = Path(plan.__file__).resolve().parents[3]
    sweeps = checkout / "notebooks" / "sweeps"
    if not sweeps.is_dir():
        pytest.skip("the package is not part of a checkout here")
    assert len(read_sweep(sweeps / "plane_best.yaml")) > 1


def test_a_notebook_from_elsewhere_is_refused(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    Path("s.yaml").write_text("seeds: 2\nlessons: ../notebooks/01_first.ipynb")
    with pytest.raises(
        ParameterError, match=r"line 2: notebook \.\./notebooks/01_first\.ipynb lies"
    ):
        read_sweep(Path("s.yaml"))
    assert len(read_sweep(Path("s.yaml").replace(tmp_path / "s.yaml"))) == 2  # beside the file


def test_many_runs_that_are_meant():
    Path("s.yaml").write_text("lessons: 01\nseeds: 600\ngrid: {average: [true, false]}")
    assert len(read_sweep(Path("s.yaml"), many=True)) == 1200


def test_minutes_of_a_cell_change_no_name():
    (plain,), (limited,) = runs("lessons: 01"), runs("lessons: 01\ncell_seconds: 5")
    assert (plain.cell_seconds, limited.cell_seconds) == (None, 5)
    assert plain.name == limited.name


def test_unknown_lesson_and_missing_file():
    with pytest.raises(CourseError, match="no lesson `03_third`"):
        runs("lessons: 03_third")
    with pytest.raises(ParameterError, match=r"none\.yaml cannot be read \(no such file"):
        read_sweep(Path("none.yaml"))
