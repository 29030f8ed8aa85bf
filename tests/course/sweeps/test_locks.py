"""Who waits for a folder is told for whom, and how to go on where nobody holds it any more."""

import threading
import time

import pytest

pytest.importorskip("filelock")

from filelock import FileLock

from gan_utils.course.speaking import last_said
from gan_utils.course.sweeps import work
from gan_utils.course.sweeps.store import opened, taken
from gan_utils.errors import OutputError


def test_a_folder_that_is_taken_names_the_way_out(tmp_path):
    told = pytest.raises(OutputError, match=r"another sweep is at work .* delete .*\.lock")
    with FileLock(tmp_path / ".lock"), told, opened(tmp_path):
        pass
    with opened(tmp_path):
        assert not taken(FileLock(tmp_path / ".lock"))


@pytest.mark.parametrize("error", [NotImplementedError("no flock here"), OSError(37, "No locks")])
def test_a_file_system_without_locks(tmp_path, monkeypatch, error):
    def refuse(lock, timeout):
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    told = pytest.raises(OutputError, match=r"cannot lock .*\.lock \(no .*\): choose a folder on")
    with told, opened(tmp_path):
        pass


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
