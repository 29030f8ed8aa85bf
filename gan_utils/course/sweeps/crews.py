"""Who does the runs of a sweep: this process, workers on this machine, or a cluster.

A crew is used in a `with` statement.  After `begin` its `submit` gives a future for a task;
whoever was given to `begin` is called with a worker's name and a run's name when a run begins;
before that a worker has to be there: `workers` counts them, and `refusal` and `waiting` say why
there are none.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from gan_utils.course.deaths import how_it_ended
from gan_utils.course.sweeps.work import Done, Task, carry_out, stop_runs
from gan_utils.errors import CourseError

if TYPE_CHECKING:
    import distributed

TOPIC, ALL = "gan-course", "all"  # of events: ours, and what the scheduler tells of itself
SECONDS_TO_CONNECT = 10
SECONDS_TO_KNOW = 2  # how a worker of this machine ended
Started = Callable[[str, str], None]


class Here:
    """One run at a time, by this process; no scheduler."""

    dashboard = refusal = waiting = ""
    workers = 1

    def __enter__(self) -> Here:
        self._pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, started: Started) -> None:
        self._started = started

    def submit(self, task: Task) -> Future[Done]:
        def work() -> Done:
            self._started("here", task.name)
            return carry_out(task)

        return self._pool.submit(work)

    def outcome(self, future: Future[Done]) -> Done:
        return future.result()

    def losses(self) -> list[tuple[str, str, str]]:
        return []

    def stop(self, token: str, futures: Collection[Future]) -> None:
        for future in futures:
            future.cancel()
        stop_runs(token)


class OnDask:
    """The workers of a Dask cluster; a run asks for one GPU where the workers offer GPUs.

    `cluster` is what `distributed.Client` takes: an address, or a cluster, which is closed at
    the end. `codes` gets the exit code of each worker that dies, by its name, where it can be
    known.  Raises CourseError where nothing answers.
    """

    def __init__(self, cluster: Any, codes: dict[str, int] | None = None):
        import distributed

        self._codes = {} if codes is None else codes
        self._nannies_here = codes is not None
        self._listens = False
        self._cluster = None if isinstance(cluster, str) else cluster
        self._names: dict[str, str] = {}  # of the workers, by their addresses
        self._runs: dict[str, str] = {}  # what each worker is at, by its name
        self._lost: SimpleQueue[tuple[str, str]] = SimpleQueue()
        # What goes wrong with the scheduler is said in a sentence of ours.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        try:
            self._client = distributed.Client(cluster, timeout=SECONDS_TO_CONNECT)
        except Exception as error:  # nobody there, or whatever can be wrong with an address
            reason = str(error) or type(error).__name__
            raise CourseError(
                f"no Dask scheduler answers at {cluster} ({reason}): start one there."
            ) from None

    def __enter__(self) -> OnDask:
        return self

    def __exit__(self, *_: object) -> None:
        # After an interrupt at a terminal, or without the scheduler, there is little to close.
        with suppress(OSError, TimeoutError):
            if self._listens:  # or the scheduler would tell the client that the client is gone
                self._client.unsubscribe_topic(ALL)
            self._client.close()
        if self._cluster:
            self._cluster.close()

    @property
    def dashboard(self) -> str:
        """The address of Dask's dashboard, which needs bokeh; empty without."""
        return self._client.dashboard_link if find_spec("bokeh") else ""

    @property
    def workers(self) -> int:
        """How many runs the cluster does at a time, as it is now."""
        try:
            return sum(self._client.nthreads().values())
        except (OSError, TimeoutError):  # the scheduler is gone, which its runs tell
            return 0

    @property
    def refusal(self) -> str:
        """Why no worker comes any more; "" where some may."""
        return getattr(self._cluster, "refusal", "")

    @property
    def waiting(self) -> str:
        """Where to look when no worker comes."""
        start = f"`dask worker {self._client.scheduler.address}` starts one"
        return getattr(self._cluster, "waiting", start)

    def begin(self, started: Started) -> None:
        """Listen to what workers say, and to what is said of their ends; one has to be there."""

        def at(event: tuple[float, tuple[str, str, str]]) -> None:
            worker, run, address = event[1]
            self._names[address], self._runs[worker] = worker, run
            self._codes.pop(worker, None)
            started(worker, run)

        def removed(event: tuple[float, Mapping[str, Any]]) -> None:
            said = event[1]
            if said.get("action") != "remove-worker" or said.get("expected"):
                return
            worker = self._names.get(said["worker"], said["worker"])
            run = self._runs.pop(worker, None)
            if run and any(str(key).startswith(run) for key in said["processing-tasks"]):
                self._lost.put((worker, run))

        self._client.subscribe_topic(TOPIC, at)
        self._client.subscribe_topic(ALL, removed)
        self._listens = True
        known = self._client.scheduler_info(n_workers=-1)["workers"].values()
        gpus = any(worker["resources"].get("GPU") for worker in known)
        self._resources = {"GPU": 1} if gpus else None

    def submit(self, task: Task) -> distributed.Future:
        # The token, because another sweep may have the same run in another folder.
        key = f"{task.name}-{task.token}"
        return self._client.submit(_on_worker, task, key=key, pure=False, resources=self._resources)

    def outcome(self, future: distributed.Future) -> Done:
        """How a run ended; CourseError where Dask, not the run, is at fault."""
        from distributed import CancelledError, KilledWorker

        try:
            return future.result()
        except CourseError:
            raise
        except KilledWorker as error:
            return Done(
                f"KilledWorker: {error.allowed_failures + 1} workers died over it: give each more "
                "memory, or do with less, by a lower batch_size or fewer --jobs",
                0.0, None, lost=True,
            )  # fmt: skip
        except CancelledError:
            raise CourseError(
                "the Dask scheduler is gone: start it again, and give the same command."
            ) from None
        except Exception as error:  # whatever a scheduler or a worker without the course raises
            raise CourseError(
                f"Dask could not do a run ({type(error).__name__}: {error}): install the same "
                "gan-course on its scheduler and its workers."
            ) from None

    def losses(self) -> list[tuple[str, str, str]]:
        """The workers that died since the last call: name, what it was at, and how it ended."""
        gone = []
        while not self._lost.empty():
            worker, run = self._lost.get()
            # The scheduler may know that it is gone before this process knows how.
            end = time.monotonic() + (SECONDS_TO_KNOW if self._nannies_here else 0)
            while worker not in self._codes and time.monotonic() < end:
                time.sleep(0.05)
            code = self._codes.pop(worker, None)
            gone.append((worker, run, "is gone" if code is None else how_it_ended(code)))
        return gone

    def stop(self, token: str, futures: Collection[distributed.Future]) -> None:
        """End the sweep's runs on all workers; those of other sweeps go on."""
        with suppress(Exception):  # workers on this machine were interrupted as well
            self._client.cancel(list(futures))
            self._client.run(stop_runs, token, on_error="ignore")


def _on_worker(task: Task) -> Done:
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(TOPIC, (str(worker.name), task.name, worker.address))
    return carry_out(task)


def choose(jobs: int, scheduler: str | None, slurm: bool) -> Here | OnDask:
    """The crew that the options of `gan-course sweep` ask for."""
    if scheduler:
        return OnDask(scheduler)
    if slurm:
        from gan_utils.course.sweeps.slurm import slurm_cluster

        return OnDask(slurm_cluster(jobs))
    return _machine(jobs)


def _machine(jobs: int) -> Here | OnDask:
    """A crew of `jobs` workers on this machine, each with a GPU of its own where there are any.

    Raises CourseError for more workers than GPUs.
    """
    if jobs == 1:
        return Here()
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    codes: dict[str, int] = {}

    class Watched(Nanny):
        def _on_worker_exit_sync(self, exitcode: int) -> None:
            codes[self.name] = exitcode
            super()._on_worker_exit_sync(exitcode)

    gpus = _gpus()
    if jobs > len(gpus) and not _tensorflow_sees_gpus(gpus):
        gpus = []
    if gpus and jobs > len(gpus):
        raise CourseError(f"--jobs is {jobs}, but there are {len(gpus)} GPUs: give at most that.")
    # Each worker takes its share of the cores; more threads than cores would wait for each other.
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    pools = "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"
    threads = dict.fromkeys(pools, share)
    workers = {}
    for number in range(jobs):
        own = {"CUDA_VISIBLE_DEVICES": gpus[number]} if gpus else {}
        options: Mapping[str, Any] = {
            "nthreads": 1,
            "memory_limit": 0,
            "env": {**threads, **own},
            "resources": {"GPU": 1} if gpus else {},
            "silence_logs": logging.CRITICAL,
        }
        workers[f"worker {number}"] = {"cls": Watched, "options": options}
    scheduler = {
        "cls": Scheduler,
        "options": {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"},
    }
    # An interrupt at the terminal reaches all processes; only this one is to handle it.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What starts now looks for no module in the current folder, in which a `random.py` may lie.
    os.environ["PYTHONSAFEPATH"] = "1"
    # A worker that dies takes nothing along that it has not begun; and it is started again, however
    # long that takes, where the cluster would write it off after 15 seconds.
    dask.config.set(
        {
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.deploy.lost-worker-timeout": "1h",
        }
    )
    try:
        cluster = SpecCluster(workers=workers, scheduler=scheduler, silence_logs=logging.CRITICAL)
    except (RuntimeError, OSError) as error:
        raise CourseError(
            f"{jobs} workers could not be started on this machine ({error.__cause__ or error}): "
            "give fewer --jobs, or leave it out."
        ) from None
    finally:
        signal.signal(signal.SIGINT, handler)
    return OnDask(cluster, codes)


def _tensorflow_sees_gpus(gpus: Collection[str]) -> bool:
    """Whether TensorFlow would work on any of these GPUs; its build for CPUs does not."""
    ask = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    if not gpus:
        return False
    said = subprocess.run([sys.executable, "-P", "-c", ask], capture_output=True, text=True)
    return said.returncode == 0 and said.stdout.strip() != "0"


def _gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, as CUDA names them."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        names = [name.strip() for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",")]
        # CUDA takes the names up to the first that is none, such as -1.
        return list(itertools.takewhile(lambda name: name and not name.startswith("-"), names))
    if not shutil.which("nvidia-smi"):
        return []
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True)
    gpus = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [] if listed.returncode else [str(number) for number, _ in enumerate(gpus)]
