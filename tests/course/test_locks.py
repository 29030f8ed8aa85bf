"""Who waits for a folder is told for whom, and how to go on where nobody holds it any more."""

import threading
import time

import pytest
from filelock import FileLock

pytest.importorskip("papermill")

from commands import runner
from gan_utils.course import cli
from gan_utils.course.batches import write_batch
from gan_utils.course.execution import Runner
from gan_utils.course.locks import opened, taken
from gan_utils.course.notebooks import find_lessons
from gan_utils.course.speaking import last_said
from gan_utils.course.sweeps import work
from gan_utils.errors import OutputError
from small_course import put


def test_a_folder_that_is_taken_names_the_way_out(tmp_path):
    told = pytest.raises(OutputError, match=r"another sweep is at work .* delete .*\.lock")
    with FileLock(tmp_path / ".lock"), told, opened(tmp_path, "sweep"):
        pass
    with opened(tmp_path, "sweep"):
        assert not taken(FileLock(tmp_path / ".lock"))


@pytest.mark.parametrize("error", [NotImplementedError("no flock here"), OSError(37, "No locks")])
def test_a_file_system_without_locks(tmp_path, monkeypatch, error):
    def refuse(lock, timeout):
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    told = pytest.raises(OutputError, match=r"cannot lock .*\.lock \(no .*\): choose a folder on")
    with told, opened(tmp_path, "sweep"):
        pass


def test_lessons_are_run_in_a_folder_by_one_command_at_a_time(tmp_path, monkeypatch):
    """The second `--resume` is refused while the first runs, and both leave the plan alone."""
    lessons = find_lessons([str(put(tmp_path / "notebooks" / "01_small.ipynb"))])
    out = tmp_path / "out"
    out.mkdir()
    write_batch(out, lessons, {"01_small": {"seed": 3}})
    plan, seconds = (out / "batch.json").read_bytes(), []

    def execute(*_):
        seconds.append(runner().invoke(cli.app, ("run", "--resume", str(out))))
        return "no luck"

    monkeypatch.setattr(Runner, "execute", execute)
    first = runner().invoke(cli.app, ("run", "--resume", str(out)))
    assert first.exit_code == 1 and "failed after 0.0 min: no luck" in first.stdout
    (second,) = seconds
    assert (second.exit_code, second.stdout) == (1, "")
    assert second.stderr == (
        f"Error: another run is at work in {out}: wait for it or choose another --out; if there "
        f"is none, because its machine died, delete {out / '.lock'}.\n"
    )
    assert (out / "batch.json").read_bytes() == plan


def test_a_run_that_waits_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "PATIENCE", 0.05)
    monkeypatch.setattr(work, "WAITING", 0.1)
    begun = threading.Event()

    def wait():
        with work._alone(tmp_path, "token"):
            begun.set()

    with FileLock(tmp_path / ".lock"):
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.5)
        assert not begun.is_set()
        assert last_said(tmp_path).startswith("waiting for another worker that is at this run")
    thread.join(timeout=10)
    assert begun.is_set()
