"""A run starts with checked parameters, and its files are whole or absent."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import tensorflow as tf
from IPython.core.interactiveshell import InteractiveShell

from gan_utils import __version__, figures
from gan_utils.errors import CourseError, OutputError, ParameterError
from gan_utils.fast import precision
from gan_utils.fast.precision import Precision
from gan_utils.files import write_atomically
from gan_utils.lesson import result as results
from gan_utils.lesson import run as runs
from gan_utils.lesson.result import read_result
from gan_utils.lesson.run import Run, run_name, start
from gan_utils.training import devices as replicas

CELL = """\
# What the lesson can vary
seed: int = 0  # random seed [0, inf)
folder: str = ""  # folder for this run's files
epochs: int = 20  # passes over the data [1, 1000]
rate: float = 2e-4  # learning rate (0, 1]
"""
GIF = b"GIF89a and what follows"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A notebook's shell in an empty folder; seeding is recorded in `shell.seeds` only."""
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.seeds = []
    monkeypatch.setattr(runs, "running_shell", lambda: shell)
    monkeypatch.setattr(runs, "_seed", shell.seeds.append)
    yield shell
    shell.history_manager.end_session()


def execute(shell, *cells):
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()


@pytest.fixture
def shown(monkeypatch):
    """The pictures that a run shows, as pairs of bytes and alternative text."""
    pairs = []
    monkeypatch.setattr(figures, "show", lambda data, alt: pairs.append((data, alt)))
    return pairs


@pytest.fixture
def run(tmp_path):
    return Run("03_small", tmp_path, {"seed": 0, "folder": ""}, "seed 0", datetime.now(UTC))


def test_defaults_start_a_run(shell, capsys):
    execute(shell, "import math", CELL)
    run = start("03_small")
    assert run.values == {"seed": 0, "folder": "", "epochs": 20, "rate": 2e-4}
    assert shell.seeds == [0]
    assert run.folder.is_dir() and not any(run.folder.iterdir())
    assert capsys.readouterr().out == "03_small · seed 0 · defaults\n"
    assert repr(run) == "03_small · seed 0 · defaults"


def test_injected_values_are_checked_and_written_back(shell, capsys):
    execute(shell, CELL, '# Parameters\nseed = "7"\nrate = "1e-3"\nepochs = 5.0\n')
    run = start("03_small")
    expected = {"seed": 7, "folder": "", "epochs": 5, "rate": 0.001}
    assert run.values == expected
    assert {name: shell.user_ns[name] for name in expected} == expected
    assert type(shell.user_ns["epochs"]) is int
    assert shell.seeds == [7]
    assert capsys.readouterr().out == "03_small · seed 7 · epochs=5, rate=0.001\n"


def test_newest_parameters_cell_counts(shell):
    execute(shell, CELL, "# Parameters\nepochs = 5", CELL.replace("20", "30"), "x: int = 1  # own")
    assert start("03_small").values["epochs"] == 30


def test_values_that_do_not_go_together_start_nothing(shell):
    line = "decay: float = 0.5  # of an average, only with epochs=7 [0, 1)"
    execute(shell, f"{CELL}{line}", "# Parameters\ndecay = 0.9")
    with pytest.raises(ParameterError, match=r"`decay` is 0\.9, which needs `epochs` to be 7"):
        start("03_small")
    execute(shell, "# Parameters\ndecay = 0.9\nepochs = 7")
    assert start("03_small").values["decay"] == 0.9


def test_the_number_format_is_chosen_once_for_a_folder_and_recorded(shell, capsys, monkeypatch):
    answers = iter([Precision("bfloat16", reason="measured"), Precision("float32")])
    monkeypatch.setattr(precision, "choose", lambda: next(answers))
    line = 'precision: str = "auto"  # number format {auto, float32, bfloat16}'
    execute(shell, f"{CELL}{line}")
    first, again = start("03_small"), start("03_small")
    assert first.precision == again.precision == Precision("bfloat16", reason="measured")
    assert capsys.readouterr().out.splitlines()[1] == "precision: bfloat16 (measured)"
    first.finish()
    result = read_result(first.folder)
    assert result["precision"] == {"name": "bfloat16", "xla": False, "reason": "measured"}
    execute(shell, '# Parameters\nprecision = "float32"')
    assert start("03_small").precision == Precision("float32", reason="as asked for")


DEVICES = 'strategy: str = "one"  # devices {one, mirrored, multi_worker}\n'


def test_strategy_is_set_up_and_the_replicas_are_recorded(shell):
    execute(shell, CELL + DEVICES)
    run = start("03_small")
    with run.on_devices():
        assert tf.distribute.get_replica_context() is not None
    run.finish()
    assert json.loads((run.folder / "result.json").read_text())["replicas"] == 1


def test_of_several_machines_the_first_keeps_the_results(shell, monkeypatch):
    cluster = {"worker": ["127.0.0.1:1", "127.0.0.1:2"]}
    config = {"cluster": cluster, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    asked = []
    monkeypatch.setattr(replicas, "strategy_named", lambda name: asked.append(name))
    execute(shell, CELL + DEVICES, '# Parameters\nstrategy = "multi_worker"\nfolder = "here"')
    run = start("03_small")
    assert asked == ["multi_worker"]
    assert run.folder == Path("here/worker-1") and run.folder.is_dir()
    backup = run.backup()
    assert backup.path == Path("here/backup/training.npz") and not backup.writes


def test_several_machines_do_not_measure_each_for_itself(shell):
    auto = 'precision: str = "auto"  # number format {auto, float32}\n'
    execute(shell, CELL + DEVICES + auto, '# Parameters\nstrategy = "multi_worker"')
    with pytest.raises(ParameterError, match="`precision` is auto, which each machine would"):
        start("03_small")


def test_cells_after_start_are_not_injected(shell):
    execute(shell, CELL, "# Parameters\nepochs = 5\nprint(epochs)\nhelper = 3")
    assert start("03_small").values["epochs"] == 5


REFUSED_STARTS = {
    "unknown name": ([CELL, "# Parameters\nepohcs = 5"], "`epohcs`: did you mean `epochs`?"),
    "wrong type": ([CELL, "# Parameters\nepochs = 'many'"], "is 'many', not a whole number"),
    "out of range": ([CELL, "# Parameters\nepochs = 0"], "is 0, below its lowest value 1"),
    "list": ([CELL, "# Parameters\nepochs = [1, 2]"], "is [1, 2], not a whole number"),
    "changed in another cell": ([CELL, "epochs = None"], "is None, not a whole number"),
    "negative seed": ([CELL, "seed = -1"], "parameter `seed` is -1"),
    "seed too large": ([CELL, "seed = 2**32"], "is 4294967296: give a whole number from 0 to"),
    "deleted": ([CELL, "del epochs"], "parameter `epochs` is gone"),
    "no cell": (["epochs = 3"], "start() found no parameters"),
    "no seed": ([CELL.replace("seed:", "start:")], "start() found no parameters"),
    "malformed line": ([CELL + "x: int = 3"], "line 6 of the parameters cell, `x: int = 3`,"),
}


@pytest.mark.parametrize("case", REFUSED_STARTS)
def test_start_refuses_before_it_makes_anything(shell, case):
    cells, message = REFUSED_STARTS[case]
    execute(shell, *cells)
    with pytest.raises(ParameterError) as caught:
        start("03_small")
    assert message in str(caught.value)
    assert not any(Path().iterdir())
    assert shell.seeds == []


def test_outside_a_notebook_start_says_where_it_belongs():
    with pytest.raises(ParameterError, match="found no notebook: call it in Jupyter, Colab"):
        start("03_small")


@pytest.mark.parametrize("place", ["taken", "taken/below", "/proc/self/here", "nul\0byte"])
def test_folder_that_cannot_be_had_is_one_sentence(shell, place):
    Path("taken").write_text("a file")
    execute(shell, CELL, f"folder = {place!r}")
    with pytest.raises(OutputError, match=r"cannot write to .+: .+\.$") as caught:
        start("03_small")
    assert "\n" not in str(caught.value)
    assert Path("taken").read_text() == "a file"


def test_folder_follows_the_lesson_and_its_parameters_only():
    values = {"seed": 0, "folder": "", "rate": 0.1}
    name = run_name("03_small", values)
    assert name == run_name("03_small", {"rate": 0.1, "seed": 0, "folder": "/elsewhere"})
    others = [
        run_name("04_other", values),
        run_name("03_small", {**values, "seed": 1}),
        run_name("03_small", {**values, "rate": 0.2}),
        run_name("03_small", {**values, "rate": "0.1"}),
    ]
    assert len({name, *others}) == 5
    # Fixed for good, so that a folder is found again: SHA-256 of the text taken with sha256sum.
    assert name == "03_small-651c332a"


@pytest.mark.parametrize("lesson", ["../03", "a/b", "", ".hidden", "a b"])
def test_lesson_that_is_no_file_name_is_refused(shell, lesson):
    execute(shell, CELL)
    with pytest.raises(OutputError, match="is no name for a file"):
        start(lesson)


def test_backup_lies_in_the_folder(run):
    assert run.backup("first").path == run.folder / "backup" / "first.npz"
    with pytest.raises(OutputError, match="is no name for a file"):
        run.backup("../first")


def test_figure_and_animation_are_written_and_shown(run, shown):
    figure = figures.plt.figure(figsize=(2, 1))
    run.save(figure, "curve", "A flat curve")
    run.save(GIF, "moving", "It moves")
    png = (run.folder / "curve.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert (run.folder / "moving.gif").read_bytes() == GIF
    assert shown == [(png, "A flat curve"), (GIF, "It moves")]


REFUSED_PICTURES = {
    "path": (GIF, "a/b", "alt", "is no name for a file"),
    "parent": (GIF, "..", "alt", "is no name for a file"),
    "nothing": (GIF, "", "alt", "is no name for a file"),
    "no alternative text": (GIF, "a", " ", "has no alternative text"),
    "other bytes": (b"\x89PNG", "a", "alt", "is bytes of no GIF"),
}


@pytest.mark.parametrize("case", REFUSED_PICTURES)
def test_picture_is_refused(run, shown, case):
    figure, name, alt, message = REFUSED_PICTURES[case]
    with pytest.raises(OutputError, match=message):
        run.save(figure, name, alt)
    assert shown == [] and not any(run.folder.iterdir())


def test_result_holds_everything_once(run, shown):
    run.score("FD", 99.0)
    run.score("FD", SimpleScore(12.3, 11.9, 12.8, 50), better="lower")
    run.score("over one seed", SimpleScore(1.5, float("nan"), float("nan"), 1), unit="bits")
    run.score("classes", 10, better="higher")
    run.save(GIF, "moving", "It moves")
    assert not (run.folder / "result.json").exists()
    run.finish()
    result = read_result(run.folder)
    keys = ("name", "value", "low", "high", "n", "unit", "better")
    assert [tuple(score[key] for key in keys) for score in result["scores"]] == [
        ("FD", 12.3, 11.9, 12.8, 50, "", "lower"),
        ("over one seed", 1.5, None, None, 1, "bits", ""),
        ("classes", 10, None, None, None, "", "higher"),
    ]
    assert result["pictures"] == [{"name": "moving", "file": "moving.gif", "alt": "It moves"}]
    assert result["lesson"] == "03_small"
    assert result["parameters"] == run.values
    assert datetime.fromisoformat(result["started"]) == run.started.replace(microsecond=0)
    assert 0 <= result["minutes"] < 1
    assert 50 < result["peak_memory_mb"] < 64_000
    assert result["machine"]["cpus"] == os.cpu_count()
    assert result["package"] == __version__
    assert set(result["versions"]) == {"python", "tensorflow", "keras", "numpy"}


class SimpleScore(SimpleNamespace):
    """What `metrics.Score` offers to a run."""

    def __init__(self, value, low, high, n):
        super().__init__(value=value, low=low, high=high, n=n)

    def __float__(self):
        return self.value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many", None])
def test_score_that_is_no_number_is_refused(run, value):
    with pytest.raises(CourseError, match=r"score `FD` is .+: give a finite number"):
        run.score("FD", value)


@pytest.mark.parametrize(("cuda", "lacks"), [(True, "finds no CUDA"), (False, "is built for CPUs")])
def test_a_gpu_that_is_not_used_is_told_with_the_mend(shell, capsys, monkeypatch, cuda, lacks):
    monkeypatch.setattr(results, "DRIVER", Path(__file__))  # a driver is there
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    monkeypatch.setattr(tf.test, "is_built_with_cuda", lambda: cuda)
    execute(shell, CELL)
    run = start("03_small")
    (told,) = capsys.readouterr().out.splitlines()[1:]
    assert f"does not use it, because it {lacks}" in told and "gan-course[gpu]" in told
    run.finish()
    assert read_result(run.folder)["machine"]["unused_gpu"] == told
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # somebody does not want it
    assert results.unused_gpu() == ""


def test_better_is_a_direction(run):
    with pytest.raises(CourseError, match="`better` is 'up'"):
        run.score("FD", 1.0, better="up")


def test_file_that_does_not_fit_leaves_the_earlier_one_whole(tmp_path):
    """The system itself stops the write half way, as a full disk does."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "result.json"
    write_atomically(path, b"earlier")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*result\.json \(file too large"):
            write_atomically(path, b"x" * (2 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_system_error_while_finishing_is_one_sentence(run, monkeypatch, code):
    def refuse(file):
        raise OSError(code, os.strerror(code))

    run.finish()
    before = (run.folder / "result.json").read_bytes()
    monkeypatch.setattr(results.os, "fsync", refuse)
    with pytest.raises(OutputError) as caught:
        run.finish()
    path = run.folder / "result.json"
    assert str(caught.value) == (
        f"cannot write {path} ({os.strerror(code).lower()}): "
        "free the place or choose another folder."
    )
    assert path.read_bytes() == before
    assert list(run.folder.iterdir()) == [path]


def test_folder_that_vanished_is_one_sentence(run):
    with pytest.raises(OutputError, match="no such file or directory"):
        write_atomically(run.folder / "gone" / "a.png", b"")


def _whole(**changes) -> str:
    result = {
        "lesson": "03_small", "parameters": {}, "scores": [], "pictures": [], "minutes": 1,
        "machine": {}, "versions": {},
    }  # fmt: skip
    return json.dumps({**result, **changes})


DAMAGED = {
    "missing": (None, "is missing: the lesson ended without `run.finish()`"),
    "empty": ("", "cannot be read"),
    "truncated": (_whole()[:-9], "cannot be read"),
    "no object": ("[1, 2]", "has no proper `lesson`"),
    "no scores": (_whole(scores=None), "has no proper `scores`"),
    "minutes as text": (_whole(minutes="3"), "has no proper `minutes`"),
    "score without value": (_whole(scores=[{"name": "FD"}]), "a damaged entry in `scores`"),
    "score as text": (_whole(scores=[{"name": "FD", "value": "3"}]), "damaged entry in `scores`"),
    "score not finite": (
        '{"scores": [{"name": "FD", "value": NaN}], '
        + _whole()[1:].replace('"scores"', '"others"'),
        "damaged entry in `scores`",
    ),
    "end as text": (_whole(scores=[{"name": "FD", "value": 3, "low": "2"}]), "entry in `scores`"),
    "score that is none": (_whole(scores=[3]), "a damaged entry in `scores`"),
    "n as text": (_whole(scores=[{"name": "FD", "value": 3, "n": "2"}]), "entry in `scores`"),
    "minutes not finite": (
        '{"minutes": NaN, ' + _whole()[1:].replace('"minutes"', '"others"'),
        "no proper `minutes`",
    ),
    "accelerators": (_whole(machine={"accelerators": [3]}), "has no proper `machine`"),
    "platform": (_whole(machine={"platform": 3}), "has no proper `machine`"),
    "picture without file": (_whole(pictures=[{"name": "a"}]), "entry in `pictures`"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_result_is_one_sentence(tmp_path, case):
    text, message = DAMAGED[case]
    if text is not None:
        (tmp_path / "result.json").write_text(text)
    with pytest.raises(OutputError) as caught:
        read_result(tmp_path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_whole_result_is_read(tmp_path):
    (tmp_path / "result.json").write_text(_whole(minutes=2.5))
    assert read_result(tmp_path)["minutes"] == 2.5


def test_start_finds_parameters_where_the_history_is_not_kept(tmp_path):
    """nbval runs cells with store_history=False, in a kernel of its own."""
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"shell.run_cell({CELL!r}, store_history=False)\n"
        "shell.run_cell('from gan_utils.lesson.run import start', store_history=False)\n"
        "shell.run_cell('run = start(\"01_x\")', store_history=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip().startswith("01_x · seed"), done.stdout + done.stderr
