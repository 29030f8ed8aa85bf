"""Whatever dies says why: each is killed in three ways, and its sentence is read."""

from pathlib import Path

import pytest

pytest.importorskip("papermill")

from gan_utils.course import execution, kernel_pool
from gan_utils.course.deaths import add_line, ended, how_it_ended, last_lines, last_words
from gan_utils.course.execution import Runner
from small_course import put

ENDS = {
    "os._exit(3)": "ended with exit code 3",
    "os.kill(PID, signal.SIGKILL)": "was killed by signal 9 (SIGKILL), perhaps for want of memory",
    "os.kill(PID, signal.SIGTERM)": "was killed by signal 15 (SIGTERM)",
}
SAY = "import os, signal\n\nprint('last', file=open('run.log', 'a'), flush=True)\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (-9, "was killed by signal 9 (SIGKILL), perhaps for want of memory"),
        (-11, "was killed by signal 11 (SIGSEGV)"),
        (-99, "was killed by signal 99"),
    ],
)
def test_an_end_is_told_by_its_code(code, words):
    assert how_it_ended(code) == words


def test_words_are_the_processs_own():
    lines = ["a warning", "Kernel died while waiting for execute reply.", "  cell 1 of 2 · 0:10"]
    assert last_words(lines) == "a warning"
    fatal = "Fatal Python error: Segmentation fault"
    assert last_words([*lines, fatal, 'File "a.py", line 3', ""]) == fatal
    assert ended("it", 1, lines) == "it ended with exit code 1: a warning"
    assert ended("it", 1, lines[1:]) == "it ended with exit code 1"


def test_words_of_an_earlier_attempt_are_not_heard(tmp_path):
    log = tmp_path / "run.log"
    assert last_lines(log) == []
    log.write_bytes(b"what was said before\nhalf")
    start = log.stat().st_size
    add_line(log, "now")
    assert last_lines(log, start) == ["", "now"]
    assert last_lines(log) == ["what was said before", "half", "now"]


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run.log").write_text("an earlier attempt failed\n")

    def write(*cells):
        return put(tmp_path / "01_odd.ipynb", *cells)

    return write


def test_a_runner_that_dies_while_it_starts(lesson, monkeypatch, tmp_path):
    (tmp_path / "queue.py").write_text("raise RuntimeError('no queue here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Runner() as runner:
        said = runner.execute(lesson(), Path("out.ipynb"), {}, Path("run.log"))
    assert said == "the process that ran it ended with exit code 1: RuntimeError: no queue here"
    assert last_lines(Path("run.log"))[-1] == said


def test_a_runner(lesson):
    """In the middle of a notebook; the next one gets another runner."""
    log, out = Path("run.log"), Path("out.ipynb")
    with Runner() as runner:
        for end, words in ENDS.items():
            if "PID" not in end:
                continue
            assert runner.execute(lesson("1 + 1"), out, {}, log) == ""
            cell = SAY + end.replace("PID", str(runner._process.pid))
            said = runner.execute(lesson(cell), out, {}, log)
            assert said == f"the process that ran it {words}: last"
            assert last_lines(log)[-1] == said


@pytest.mark.parametrize("how", ["as a copy", "as ever"])
def test_a_kernel(lesson, how, monkeypatch, tmp_path):
    if how == "as ever":
        long = tmp_path / ("t" * 90)
        long.mkdir()
        monkeypatch.setenv("TMPDIR", str(long))
    log, out = Path("run.log"), Path("out.ipynb")
    with Runner() as runner:
        for end, words in ENDS.items():
            said = runner.execute(lesson(SAY + end.replace("PID", "os.getpid()")), out, {}, log)
            assert said == f"DeadKernelError: the Jupyter kernel {words}: last"
            assert last_lines(log)[-1] == said
        silent = lesson("import os\n\nos._exit(4)")
        assert runner.execute(silent, out, {}, log) == (
            "DeadKernelError: the Jupyter kernel ended with exit code 4"
        )
        said = runner.execute(lesson("raise RuntimeError('Kernel died, they say')"), out, {}, log)
        assert "RuntimeError: Kernel died, they say" in said and "exit code" not in said


def test_a_kernel_that_dies_while_it_starts(lesson, monkeypatch, tmp_path):
    """And one that takes longer than a start may take."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if 'ipykernel_launcher' in sys.orig_argv:\n"
        "    exec(open('start').read())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(kernel_pool, "_safe", lambda: False)
    factory = kernel_pool.KernelProvisionerFactory.instance()
    monkeypatch.setattr(factory, "default_provisioner_name", factory.default_provisioner_name)
    kernel_pool.use_copies()
    execution._use_engine(lambda cell: None)
    request = {"notebook": str(lesson("1 + 1")), "output": "out.ipynb", "parameters": {},
               "log": "run.log", "cell_seconds": None}  # fmt: skip
    Path("start").write_text("sys.exit('no room for another one')")
    said = execution._execute(request)
    assert said == "DeadKernelError: the Jupyter kernel ended with exit code 1"
    Path("start").write_text("time.sleep(30)")
    monkeypatch.setattr(execution, "START_SECONDS", 2)
    said = execution._execute(request)
    assert said == (
        "SlowStart: the Jupyter kernel did not answer within 2 seconds: run it again when the "
        "machine has less to do."
    )
    assert last_lines(Path("run.log"))[-1] == said
