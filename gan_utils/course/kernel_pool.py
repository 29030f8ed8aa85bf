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


def use_copies() -> None:
    """Let this process start its kernels as copies from now on, and begin to load the original.

    Where that is not safe, kernels start as ever: on systems other than Linux, whose
    libraries do not all survive a copy, beside an NVIDIA GPU, whose driver does not where it
    was touched before, and where temporary files lie at a path too long for a socket.
    """
    too_long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_FOLDER
    if sys.platform != "linux" or Path("/dev/nvidiactl").exists() or too_long:
        return
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:CopyProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    _context()
    multiprocessing.forkserver.ensure_running()


@cache
def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


class CopyProvisioner(LocalProvisioner):
    """Starts IPython kernels of this environment as copies, and any other as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        if cmd[0] != sys.executable or "ipykernel_launcher" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        options = cmd[cmd.index("-f") :]  # the file of the connection, and what follows it
        folder = str(kwargs.get("cwd") or Path.cwd())
        process = _context().Process(target=_kernel, args=(options, folder, kwargs["env"]))
        process.start()
        self.process, self.pid, self.cwd = _Child(process), process.pid, folder
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
