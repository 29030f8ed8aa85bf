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
