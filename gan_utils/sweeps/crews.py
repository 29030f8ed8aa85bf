"""Who does the runs of a sweep: this process, workers on this machine, or a cluster.

A crew is used in a `with` statement.  Its `submit` gives a future for a task; whoever was given
to `tell` is called with a worker's name and a run's name when a run begins.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from gan_utils.errors import CourseError
from gan_utils.sweeps.work import Done, Task, carry_out, stop_runners

if TYPE_CHECKING:
    import distributed

TOPIC = "gan-course"
SECONDS_TO_CONNECT = 10
Started = Callable[[str, str], None]


class Here:
    """One run at a time, by this process; no scheduler."""

    dashboard = ""
    workers = 1

    def __enter__(self) -> Here:
        self._pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        stop_runners()

    def tell(self, started: Started) -> None:
        self._started = started

    def submit(self, task: Task) -> Future[Done]:
        def work() -> Done:
            self._started("here", task.name)
            return carry_out(task)

        return self._pool.submit(work)

    def outcome(self, future: Future[Done]) -> Done:
        return future.result()


class OnDask:
    """The workers of a Dask cluster; a run asks for one GPU where the workers offer GPUs.

    `cluster` is what `distributed.Client` takes: an address, or a cluster, which is closed at
    the end.  Raises CourseError where nothing answers.
    """

    def __init__(self, cluster: Any):
        import distributed

        self._cluster = None if isinstance(cluster, str) else cluster
        # What goes wrong with the scheduler is told in a sentence of ours.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        try:
            self._client = distributed.Client(cluster, timeout=SECONDS_TO_CONNECT)
        except (OSError, ValueError) as error:
            raise CourseError(
                f"no Dask scheduler answers at {cluster} ({error}): start one."
            ) from None

    def __enter__(self) -> OnDask:
        return self

    def __exit__(self, *_: object) -> None:
        if self._client.status == "running":
            # What is still at work belongs to a sweep that was interrupted.
            self._client.run(stop_runners)
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
        return max(1, sum(self._client.nthreads().values()))

    def tell(self, started: Started) -> None:
        self._client.subscribe_topic(TOPIC, lambda event: started(*event[1]))

    def submit(self, task: Task) -> distributed.Future:
        known = self._client.scheduler_info(n_workers=-1)["workers"].values()
        gpus = any(worker["resources"].get("GPU") for worker in known)
        return self._client.submit(
            _on_worker, task, key=task.name, pure=False, resources={"GPU": 1} if gpus else None
        )

    def outcome(self, future: distributed.Future) -> Done:
        """How a run ended; CourseError where the scheduler is gone."""
        from distributed import CancelledError, KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            return Done(f"KilledWorker: {error}", 0.0, None)
        except CancelledError:
            raise CourseError(
                "the Dask scheduler is gone: start it again, and give the same command."
            ) from None


def _on_worker(task: Task) -> Done:
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(TOPIC, (str(worker.name), task.name))
    return carry_out(task)


def choose(jobs: int, scheduler: str | None, slurm: bool) -> Here | OnDask:
    """The crew that the options of `gan-course sweep` ask for."""
    if scheduler:
        return OnDask(scheduler)
    return _slurm(jobs) if slurm else _machine(jobs)


def _machine(jobs: int) -> Here | OnDask:
    """A crew of `jobs` workers on this machine, each with a GPU of its own where there are any.

    Raises CourseError for more workers than GPUs.
    """
    if jobs == 1:
        return Here()
    from distributed import Nanny, Scheduler, SpecCluster

    gpus = _gpus()
    if gpus and jobs > len(gpus):
        raise CourseError(f"--jobs is {jobs}, but there are {len(gpus)} GPUs: give at most that.")
    # Each worker takes its share of the cores; more threads than cores would wait for each other.
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    threads = {"TF_NUM_INTRAOP_THREADS": share, "OMP_NUM_THREADS": share}
    workers = {}
    for number in range(jobs):
        own = {"CUDA_VISIBLE_DEVICES": gpus[number]} if gpus else {}
        options: Mapping[str, Any] = {
            "nthreads": 1,
            "memory_limit": 0,
            "env": {**threads, **own},
            "resources": {"GPU": 1} if gpus else {},
            "silence_logs": logging.ERROR,
        }
        workers[f"worker {number}"] = {"cls": Nanny, "options": options}
    scheduler = {
        "cls": Scheduler,
        "options": {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"},
    }
    return OnDask(SpecCluster(workers=workers, scheduler=scheduler, silence_logs=logging.ERROR))


def _slurm(jobs: int) -> OnDask:
    """A crew of `jobs` Slurm jobs, each as Dask's own settings for Slurm describe it."""
    from dask_jobqueue import SLURMCluster

    try:
        cluster = SLURMCluster()
    except ValueError as error:
        raise CourseError(
            f"dask-jobqueue cannot describe a Slurm job ({error}): "
            "set cores and memory under jobqueue.slurm in ~/.config/dask/jobqueue.yaml."
        ) from None
    cluster.scale(jobs=jobs)
    return OnDask(cluster)


def _gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, as CUDA names them."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return [name for name in os.environ["CUDA_VISIBLE_DEVICES"].split(",") if name.strip()]
    if not shutil.which("nvidia-smi"):
        return []
    told = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True)
    return [str(number) for number, _ in enumerate(told.stdout.splitlines())]
