"""Jupyter kernels that start as copies of a process in which TensorFlow is loaded already.

A new kernel spends most of its start on importing TensorFlow.  `use_copies` makes one process
import what lessons import, and nothing else; from then on each kernel of this process is a copy
(fork) of it, which takes a fraction of a second, and no run sees anything of another.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

LOG = "GAN_COURSE_LOG"
NAME = "gan-course-copies"
LONGEST_FOLDER = 70  # bytes; Linux allows 107 for a socket, and its name takes 31
LOADED = (
    "keras",
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "gan_utils.training.callbacks",
    "gan_utils.judging.evaluators",
    "gan_utils.training.gan",
    "gan_utils.metrics",
    "gan_utils.figures",
)

_processes: list[Any] = []  # that of the latest kernel


def use_copies() -> None:
    """Let this process start its kernels as copies from now on, and begin to load the original.

    Where that is not safe, kernels start as ever.
    """
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:CopyProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    if not _safe():
        return
    _context()
    multiprocessing.forkserver.ensure_running()


@cache
def _safe() -> bool:
    """Whether kernels may be copies.

    Not on systems other than Linux, whose libraries do not all survive a copy; not beside an
    NVIDIA GPU, whose driver does not where it was touched before; and not where temporary files
    lie at a path too long for a socket.
    """
    too_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_FOLDER
    return sys.platform == "linux" and not Path("/dev/nvidiactl").exists() and not too_long


@cache
def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def latest_code() -> int:
    """The exit code of the latest kernel of this process, which is dead."""
    return _processes[0].wait()


class CopyProvisioner(LocalProvisioner):
    """Starts kernels of this environment: as copies where that is safe, and else as ever."""

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        # Whatever the reader's own kernel "python3" is; without the current folder, in which a
        # `random.py` may lie, and as ipykernel itself starts one where nobody asks for another.
        options = ["-P", "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        self.kernel_spec.argv = [sys.executable, *options, "-f", "{connection_file}"]
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        if not _safe():
            connection = await super().launch_kernel(cmd, **kwargs)
            _processes[:] = [self.process]
            return connection
        options = cmd[cmd.index("-f") :]  # the file of the connection, and what follows it
        folder = str(kwargs.get("cwd") or Path.cwd())
        process = _context().Process(target=_kernel, args=(options, folder, kwargs["env"]))
        process.start()
        self.process, self.pid, self.cwd = _Child(process), process.pid, folder
        _processes[:] = [self.process]
        return self.connection_info


class _Child:
    """A process of multiprocessing with the methods of `subprocess.Popen` that Jupyter calls.

    It is watched by a file descriptor of its own: multiprocessing asks the original how a copy
    ended, and takes a copy for dead whose original was killed.
    """

    stdin = stdout = stderr = None

    def __init__(self, process: multiprocessing.process.BaseProcess):
        self.pid, self._process = process.pid, process
        self._file = os.pidfd_open(self.pid)
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._status(0)

    def wait(self) -> int | None:
        return self._status(None)

    def _status(self, seconds: float | None) -> int | None:
        if self._code is None and select.select([self._file], [], [], seconds)[0]:
            code = self._process.exitcode
            self._code = -signal.SIGKILL if code is None else code
            os.close(self._file)  # a runner has as many kernels as runs
        return self._code

    def send_signal(self, number: int) -> None:
        if self._code is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._file, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _kernel(options: list[str], folder: str, environment: dict[str, str]) -> None:
    """What the copy does: be a kernel in its own session, what it prints going to the log."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    log = os.open(environment.get(LOG, os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from ipykernel.kernelapp import IPKernelApp

    # The handle 1 says that there is a parent, and leaves watching it to the thread above.
    IPKernelApp.launch_instance(argv=[*options, "--IPKernelApp.parent_handle=1"])


def _end_with_parent() -> None:
    """End this kernel when the process that started it is gone, however that ended."""
    multiprocessing.parent_process().join()
    os._exit(1)
