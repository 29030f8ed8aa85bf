"""`gan-course` on tiny notebooks: bad input stops before a kernel starts, and runs are judged
by what they left behind. The runs at the end are real ones, each through papermill."""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# The command line runs notebooks through papermill, which Colab does not ship.
pytest.importorskip("papermill")

from commands import runner
from gan_utils.course import cli
from gan_utils.course.execution import Runner
from gan_utils.course.notebooks import find_lessons, read_profile
from gan_utils.lesson import result as results
from small_course import COURSE, PARAMETERS, START, environment, put, wait

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with three small lessons, in which no kernel may start."""
    monkeypatch.chdir(tmp_path)
    for stem in ("01_first_game", "02_mlp_digits", "03_dcgan_fashion", "04_dcgan_faces"):
        put(tmp_path / "notebooks" / f"{stem}.ipynb")

    def start_nothing(*_):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(Runner, "execute", start_nothing)
    return tmp_path


def invoke(*arguments: str):
    return runner().invoke(cli.app, arguments)


RUN_3 = ("run", "03")
BAD_INPUT = {
    "unknown name": ((*RUN_3, "-p", "epohcs", "3"), "`epohcs`: did you mean `epochs`?"),
    "wrong type": ((*RUN_3, "-p", "epochs", "many"), "is 'many', not a whole number"),
    "fraction": ((*RUN_3, "-p", "epochs", "2.5"), "is '2.5', not a whole number"),
    "list": ((*RUN_3, "-p", "epochs", "[1, 2]"), "is '[1, 2]', not a whole number"),
    "octal": ((*RUN_3, "-p", "epochs", "0o17"), "is '0o17', not a whole number"),
    "below": ((*RUN_3, "-p", "epochs", "-1"), "is -1, below its lowest value 1"),
    "above": ((*RUN_3, "-p", "rate", "1.5"), "is 1.5, above its highest value 1"),
    "nan": ((*RUN_3, "-p", "rate", "nan"), "is 'nan', not a number"),
    "choice": ((*RUN_3, "-p", "loss", "wasserstien"), "did you mean `wasserstein`?"),
    "yes for a bool": ((*RUN_3, "-p", "average", "yes"), "is 'yes', not true or false"),
    "given twice": ((*RUN_3, "-p", "seed", "1", "-p", "seed", "2"), "`seed` is given twice"),
    "folder": ((*RUN_3, "-p", "folder", "x"), "use --out instead"),
    "name without value": ((*RUN_3, "-p", "seed"), "requires 2 arguments"),
    "one lesson of two": (("run", "01", "05", "-p", "epochs", "3"), "lesson 05_other: unknown"),
    "no lesson": (("run",), "no lesson is named: give a number"),
    "resume and more": (
        ("run", "03", "--resume", "x"),
        "knows what was to be run: give its folder",
    ),
    "resume nothing": (("run", "--resume", "notebooks"), "holds no run that could go on: give the"),
    "lesson out of range": (("run", "12"), "no lesson `12`: there are 01_first_game,"),
    "misspelt lesson": (("run", "03_dcgan_fashon"), "did you mean `03_dcgan_fashion`?"),
    "topic": (("run", "dcgan_fashion"), "did you mean `03_dcgan_fashion`?"),
    "lesson 0": (("run", "0"), "no lesson `0`: there are 01_first_game,"),
    "ambiguous beginning": (("run", "05_"), "could be 05_other or 05_others: write more of it"),
    "lesson twice": (("run", "03", "03_dcgan"), "`03_dcgan_fashion` is asked for twice"),
    "path to nothing": (("run", "elsewhere/03.ipynb"), "no lesson `elsewhere/03.ipynb`"),
    "damaged notebook": (("run", "06"), "06_torn.ipynb cannot be read (it is no notebook"),
    "another JSON file": (("run", "07"), "07_list.ipynb cannot be read (it is no notebook"),
    "folder as a notebook": (("run", "08"), "08_folder.ipynb cannot be read (is a directory)"),
    "no parameters cell": (("run", "09"), "has 0 code cells tagged `parameters`"),
    "malformed parameters cell": (("run", "10"), "line 2 of the parameters cell, `x: int = 1`,"),
    "lesson without folder": (("run", "11"), "does not declare `folder`"),
    "profile missing": ((*RUN_3, "-f", "none.yaml"), "none.yaml cannot be read (no such file"),
    "profile a folder": ((*RUN_3, "-f", "notebooks"), "notebooks cannot be read (is a directory)"),
    "profile not YAML": ((*RUN_3, "-f", "torn.yaml"), "torn.yaml, line 3, is not YAML"),
    "profile not text": ((*RUN_3, "-f", "binary.yaml"), "binary.yaml is not text"),
    "profile empty": ((*RUN_3, "-f", "empty.yaml"), "empty.yaml holds no `name: value` lines"),
    "profile a list": ((*RUN_3, "-f", "list.yaml"), "list.yaml holds no `name: value` lines"),
    "profile with a list": ((*RUN_3, "-f", "lists.yaml"), "line 2: `epochs` is a list"),
    "profile with nothing": ((*RUN_3, "-f", "null.yaml"), "line 1: `epochs` has no value"),
    "profile with a name twice": ((*RUN_3, "-f", "twice.yaml"), "line 3: `epochs` is there a"),
    "profile with unknown name": ((*RUN_3, "-f", "unknown.yaml"), "did you mean `epochs`?"),
    "profile with a bad value": ((*RUN_3, "-f", "yes.yaml"), "is 'yes', not among its choices"),
    "used folder": ((*RUN_3, "--out", "notebooks"), "notebooks already holds files: choose a new"),
    "file as folder": ((*RUN_3, "--out", "torn.yaml"), "cannot write to torn.yaml"),
    "folder in a file": ((*RUN_3, "--out", "torn.yaml/a"), "cannot write to torn.yaml/a"),
    "system folder": ((*RUN_3, "--out", "/proc/self/a"), "cannot write to /proc/self/a"),
    "parameters of no lesson": (("parameters", "12"), "no lesson `12`"),
}
PROFILES = {
    "torn.yaml": b"epochs: 3\nrate: [1\n",
    "binary.yaml": b"epochs: \xff\xfe",
    "empty.yaml": b"# nothing\n",
    "list.yaml": b"- epochs\n- 3\n",
    "lists.yaml": b"rate: 0.1\nepochs: [1, 2]\n",
    "null.yaml": b"epochs:\n",
    "twice.yaml": b"epochs: 3\nrate: 0.1\nepochs: 4\n",
    "unknown.yaml": b"epohcs: 3\n",
    "yes.yaml": b"loss: yes\n",
}


@pytest.fixture
def bad_course(course):
    for name, content in PROFILES.items():
        (course / name).write_bytes(content)
    folder = course / "notebooks"
    for stem in ("05_other", "05_others"):
        put(folder / f"{stem}.ipynb", parameters=PARAMETERS.replace("epochs", "steps"))
    (folder / "06_torn.ipynb").write_text(put(folder / "06_torn.ipynb").read_text()[:-40])
    (folder / "07_list.ipynb").write_text("[1, 2]")
    (folder / "08_folder.ipynb").mkdir()
    put(folder / "09_untagged.ipynb", tags=())
    put(folder / "10_untyped.ipynb", parameters="seed: int = 0  # seed\nx: int = 1")
    put(folder / "11_loose.ipynb", parameters="seed: int = 0  # seed")
    return course


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_sentence_before_anything_starts(bad_course, case):
    arguments, message = BAD_INPUT[case]
    if case == "one lesson of two":
        (bad_course / "notebooks" / "05_others.ipynb").unlink()
    before = sorted(bad_course.rglob("*"))
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: ") and message in last
    assert sorted(bad_course.rglob("*")) == before


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (["1"], ["01_first_game"]),
        (["03"], ["03_dcgan_fashion"]),
        (["04_dcgan_faces", "02_m"], ["04_dcgan_faces", "02_mlp_digits"]),
        (["notebooks/02_mlp_digits.ipynb"], ["02_mlp_digits"]),
        (["02_mlp_digits.ipynb"], ["02_mlp_digits"]),
        (["all"], ["01_first_game", "02_mlp_digits", "03_dcgan_fashion", "04_dcgan_faces"]),
    ],
)
def test_lessons_are_found_by_every_name(course, names, stems):
    assert [lesson.name for lesson in find_lessons(names)] == stems


def test_lessons_are_found_from_inside_their_folder(course, monkeypatch):
    monkeypatch.chdir(course / "notebooks")
    assert [lesson.path for lesson in find_lessons(["2"])] == [Path("02_mlp_digits.ipynb")]


def test_profile_keeps_the_text_that_yaml_would_change(tmp_path):
    path = tmp_path / "full.yaml"
    path.write_text("epochs: 010\nrate: 1e-3\nloss: yes\nnote: 1:30\nquoted: '5'\n")
    assert read_profile(path) == {
        "epochs": "010", "rate": "1e-3", "loss": "yes", "note": "1:30", "quoted": "5",
    }  # fmt: skip


def test_parameters_are_listed(course):
    done = invoke("parameters", "3")
    assert done.exit_code == 0
    table = [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()]
    assert table[0] == ["03_dcgan_fashion"]
    assert ["epochs", "int", "20", "a whole number from 1 to 1000", "passes over the data"] in table
    assert ["loss", "str", "'minimax'", "one of minimax, wasserstein", "what is minimised"] in table
    assert len(table) == 2 + len(PARAMETERS.splitlines())


def test_missing_papermill_is_one_sentence(course, monkeypatch):
    monkeypatch.setattr(cli, "NEEDED", ("papermill_gone",))
    done = invoke(*RUN_3)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: papermill_gone is not installed: run `pip install 'gan-course[lab]'`.\n"
    )


def test_torn_result_is_a_failure(course, monkeypatch):
    def leave_half(runner, notebook, output, *_):
        (output.parent / "result.json").write_text('{"lesson": "03_dc')
        return ""

    monkeypatch.setattr(Runner, "execute", leave_half)
    done = invoke(*RUN_3, "--out", "out")
    assert done.exit_code == 1
    assert "failed after 0.0 min: out/03_dcgan_fashion/result.json cannot be read" in done.stdout
    assert "✗ failed" in (course / "out" / "index.html").read_text(encoding="utf-8")


def test_disk_that_fills_up_is_one_sentence(course, monkeypatch):
    def fill(runner, notebook, output, *_):
        monkeypatch.setattr(results.os, "fsync", refuse)
        return "the disk is full"

    def refuse(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Runner, "execute", fill)
    done = invoke(*RUN_3, "--out", "out")
    assert done.exit_code == 1
    assert done.stderr == (
        "Error: cannot write out/index.html (no space left on device): "
        "free the place or choose another folder.\n"
    )
    assert not (course / "out" / "index.html").exists()


# From here on, kernels run.


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """One real run of lessons that end in every way that a lesson can."""
    folder = tmp_path_factory.mktemp("batch {braces}")
    notebooks = folder / "notebooks"
    success = f"""\
import keras
import numpy as np

def draw():
    # Initial weights: keras.random of Keras 3.10 does not start again with a new seed.
    return np.random.rand(), float(keras.initializers.RandomNormal()(()))


seeded = draw()
keras.utils.set_random_seed(run.values["seed"])
assert seeded == draw()
assert (epochs, rate, note) == (3, 1e-3, "yes")
run.score("epochs", epochs)
run.save({PIXEL!r}, "dot", "A dot")
run.finish()"""
    put(notebooks / "01_success.ipynb", START.replace("03_small", "01_success"), success)
    put(notebooks / "02_error.ipynb", "raise ValueError('the loss\\nis gone')")
    put(notebooks / "03_dead.ipynb", "import os\n\nos._exit(1)")
    put(notebooks / "04_unfinished.ipynb", "print('no run.finish()')")
    (folder / "quick.yaml").write_text("epochs: 3\nrate: 0.5\nnote: yes\n")
    command = [*COURSE, "run", "all"]
    options = ["-f", "quick.yaml", "-p", "rate", "1e-3", "--out", "runs/first try"]
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment(), capture_output=True, text=True
    )
    return folder / "runs" / "first try", done


def test_batch_goes_on_after_failures_and_exits_with_1(batch):
    done = batch[1]
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    # On a busy machine a lesson takes longer than ten seconds, and says before how far it is.
    ends = ("done in", "failed after", "Overview")
    lines = [line for line in done.stdout.splitlines() if any(end in line for end in ends)]
    assert [line.split()[0] for line in lines[:-1]] == [
        "01_success", "02_error", "03_dead", "04_unfinished",
    ]  # fmt: skip
    assert re.search(r"  done in \d+\.\d min · epochs 3$", lines[0])
    failed = {
        1: "ValueError: the loss",
        2: "DeadKernelError: the Jupyter kernel ended with exit code 1",
        3: "04_unfinished/result.json is missing: the lesson ended without `run.finish()`",
    }
    for index, message in failed.items():
        assert "  failed after " in lines[index] and message in lines[index]
    assert lines[-1] == "Overview: runs/first try/index.html"


def test_success_leaves_notebook_page_pictures_and_result(batch):
    folder = batch[0] / "01_success"
    assert {path.name for path in folder.iterdir()} == {
        "01_success.ipynb", "01_success.html", "dot.gif", "parameters.yaml", "result.json",
        "run.log",
    }  # fmt: skip
    result = json.loads((folder / "result.json").read_text())
    expected = {"seed": 0, "epochs": 3, "rate": 0.001, "loss": "minimax", "average": True}
    expected |= {"note": "yes", "folder": "runs/first try/01_success"}
    assert result["parameters"] == expected
    page = (batch[0] / "index.html").read_text(encoding="utf-8")
    assert page.count("✗ failed") == 3 and page.count("✓ done") == 1
    assert base64.b64encode(PIXEL).decode() in page


def test_error_of_a_lesson_can_be_read_in_its_page(batch):
    folder = batch[0] / "02_error"
    assert "the loss" in (folder / "02_error.html").read_text(encoding="utf-8")
    assert "ValueError" in (folder / "run.log").read_text()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("-p", "epohcs", "3"),
            "ParameterError: unknown parameter `epohcs`: did you mean `epochs`?",
        ),
        (("-y", "loss: yes"), "ParameterError: parameter `loss` is True, not text: give one of"),
    ],
)
def test_plain_papermill_fails_in_the_start_cell(tmp_path, given, message):
    source, target = put(tmp_path / "03_small.ipynb", START, "1 / 0"), tmp_path / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(source), str(target), *given]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr
    assert "ZeroDivisionError" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_interrupt_takes_the_kernel_along(tmp_path):
    sleep = "import os, time\nfrom pathlib import Path\n\n"
    sleep += "Path('part').write_text(str(os.getpid()))\nos.rename('part', 'pid')\ntime.sleep(300)"
    put(tmp_path / "notebooks" / "01_long.ipynb", sleep)
    process = subprocess.Popen(
        [*COURSE, "run", "1", "--out", "out"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell starts what it runs in the background with SIGINT ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait((tmp_path / "pid").exists, 60)
    kernel = int((tmp_path / "pid").read_text())
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error == (
        "Error: interrupted: what was finished is in out; `gan-course run --resume out` goes on.\n"
    )
    wait(lambda: not _runs(kernel), 20)


# --- what people have in their folders and environments ---------------------------------------


def one_run(folder, *cells, **variables):
    """`gan-course run` of one small lesson, with its outputs and exit code."""
    put(folder / "notebooks" / "01_odd.ipynb", START, *(cells or ("run.finish()",)))
    return subprocess.run(
        [*COURSE, "run", "1", "--out", "out"], cwd=folder,
        env={**environment(), **variables}, capture_output=True, text=True,
    )  # fmt: skip


def edited(folder, change):
    """The lesson's file, changed as JSON before a run is started."""
    path = put(folder / "notebooks" / "01_odd.ipynb", START, "run.finish()")
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return subprocess.run(
        [*COURSE, "run", "1", "--out", "out"], cwd=folder, env=environment(),
        capture_output=True, text=True,
    )  # fmt: skip


def test_a_file_named_like_a_module_changes_nothing(tmp_path):
    for name in ("random", "json", "types"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('mine, not the library')\n")
    done = subprocess.run(
        [sys.executable, "-P", *COURSE[1:], "run", "--help"], cwd=tmp_path, env=environment(),
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (tmp_path / "types.py").unlink()  # Python itself loads it before it knows its own folder
    put(tmp_path / "notebooks" / "01_odd.ipynb", START, "run.finish()")
    command = [sys.executable, "-P", *COURSE[1:], "run", "1", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_long_folder_of_temporary_files(tmp_path):
    folder = tmp_path / ("t" * 90)
    folder.mkdir()
    done = one_run(tmp_path, TMPDIR=str(folder))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_notebook_of_another_kernel_and_of_none(tmp_path):
    def rename(content):
        content["metadata"]["kernelspec"]["name"] = "myenv"

    for number, change in enumerate((rename, lambda content: content["metadata"].clear())):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = edited(folder, change)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_kernel_python3_of_the_readers_own(tmp_path):
    """Which starts the Python of another environment, where this one is not preferred."""
    spec = {"argv": ["/nowhere/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3", "language": "python"}  # fmt: skip
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    done = one_run(
        tmp_path, JUPYTER_DATA_DIR=str(tmp_path / "jupyter"), JUPYTER_PREFER_ENV_PATH="0"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_tags_that_are_null(tmp_path):
    def empty(content):
        content["cells"][0]["metadata"]["tags"] = content["cells"][2]["metadata"]["tags"] = None

    done = edited(tmp_path, empty)
    assert done.returncode == 0, done.stdout + done.stderr


def test_paths_that_papermill_injects(tmp_path):
    source = put(tmp_path / "03_small.ipynb", START, "run.finish()")
    command = [sys.executable, "-m", "papermill", str(source), "out.ipynb", "--inject-paths"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_run_leaves_the_history_of_ipython_alone(tmp_path):
    done = one_run(tmp_path, IPYTHONDIR=str(tmp_path / "ipython"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(tmp_path.rglob("history.sqlite*"))


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        (*RUN_3, "--out", LONG),
        (*RUN_3, "-f", LONG),
        ("run", LONG),
        ("run", "--resume", LONG),
        ("parameters", LONG),
        ("sweep", LONG),
        ("sweep", "s.yaml", "--out", LONG),
        ("sweep", "s.yaml", "--out", LONG, "--dry-run"),
        ("report", LONG),
        ("generate", LONG, "--out", "images"),
    ],
)
def test_a_name_that_is_too_long_is_one_sentence(course, arguments):
    (course / "s.yaml").write_text("lessons: 03")
    done = invoke(*arguments)
    assert done.exit_code in (1, 2) and done.stdout == ""
    assert re.fullmatch(r"Error: .*file name too long.*\n", done.stderr, re.IGNORECASE)


def test_a_long_cell_is_spoken_of(tmp_path):
    """With a tenth of the ten seconds: a line a second, and what was always there at the end."""
    speak = "from gan_utils.course import speaking; speaking.PLAIN_SECONDS = 1.0; "
    put(
        tmp_path / "notebooks" / "01_long.ipynb",
        START,
        "import time\n\ntime.sleep(4)\nrun.finish()",
    )
    command = [sys.executable, "-c", speak + COURSE[-1], "run", "1", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    name, *lines, last, overview = done.stdout.splitlines()
    assert name == "01_long  " and overview.startswith("Overview: ") and done.returncode == 0
    assert last.startswith("01_long  done in 0.")
    assert sum("cell 4 of 4 · 01 · Lesson <01_long>" in line for line in lines) >= 2, done.stdout
    log = (tmp_path / "out" / "01_long" / "run.log").read_text(encoding="utf-8").splitlines()
    assert [line for line in log if line.startswith("  cell")] == [
        line for line in lines if line.startswith("  cell")
    ]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except ProcessLookupError:
        return False
