"""What every test runs under, also in the processes that it starts."""

import os
import signal
from importlib import import_module

import pytest
from threadpoolctl import threadpool_limits

# TensorFlow's start-up notes name the processor at hand and would end up in captured stderr.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# A shell's script that starts the tests in the background lets all they start ignore interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def one_thread():
    """On small sets, threads that wait for each other cost more than they gain."""
    import_module("sklearn.neighbors")  # only what is loaded is limited
    with threadpool_limits(1):
        yield


@pytest.fixture
def user_cache(tmp_path_factory, monkeypatch):
    """An empty folder in place of the user's cache of pictures that were read before."""
    folder = tmp_path_factory.mktemp("cache")
    cache = import_module("gan_utils.data.picture_cache")
    monkeypatch.setattr(cache, "user_cache_path", lambda name: folder / name)
    return folder


@pytest.fixture
def line(capsys):
    """A function that checks an answer to an exercise and gives the one line that this prints."""
    from gan_utils.lesson.exercises import check

    def printed(function) -> str:
        capsys.readouterr()
        check(function)
        out, err = capsys.readouterr()
        assert err == "" and out.endswith("\n") and out.count("\n") == 1, (out, err)
        return out[:-1]

    return printed


@pytest.fixture
def first_line(line):
    """The same in a Jupyter kernel that has shown no hint yet."""
    from gan_utils.lesson import exercises

    def printed(function) -> str:
        exercises._failed.clear()
        return line(function)

    return printed
