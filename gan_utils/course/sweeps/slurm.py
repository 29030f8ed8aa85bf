"""Workers that Slurm starts: each is a job, as Dask's own settings for Slurm describe it."""

from __future__ import annotations

import logging
import re
import shutil
import signal
from typing import TYPE_CHECKING

from gan_utils.errors import CourseError

if TYPE_CHECKING:
    from dask_jobqueue import SLURMCluster

# What goes wrong with a job is said in a sentence of ours.
SILENT = ("asyncio", "distributed.deploy", "tornado.application")
WAITING = "`squeue --me` shows its Slurm jobs, and slurm-*.out what those said that have ended"


def slurm_cluster(jobs: int) -> SLURMCluster:
    """A cluster of `jobs` Slurm jobs.

    A job does one run at a time, and a job that comes to its end is followed by another. The
    cluster's `refusal` is what Slurm said when it took a job no more, and `waiting` where to look
    when none of its jobs begins. Raises CourseError where no job can be described.
    """
    handler = signal.getsignal(signal.SIGINT)
    import dask
    from dask_jobqueue import SLURMCluster
    from dask_jobqueue.slurm import SLURMJob
    from distributed import Status

    if not shutil.which("sbatch"):
        raise CourseError("sbatch is not here: give --slurm on a machine that submits to Slurm.")

    class Job(SLURMJob):
        async def start(self) -> None:
            try:
                await super().start()
            except Exception as error:  # whatever it is, no job began
                self.status = Status.failed
                Cluster.refusal = (
                    f"Slurm took no job ({_said(error)}): mend the settings under jobqueue.slurm "
                    "in ~/.config/dask/jobqueue.yaml, or give fewer --jobs."
                )
                raise

    class Cluster(SLURMCluster):
        job_cls = Job
        refusal = ""
        waiting = WAITING

    # dask-jobqueue lets an interrupt end the process without a word, and as a success.
    signal.signal(signal.SIGINT, handler)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    own = dask.config.get("jobqueue.slurm.worker-extra-args", None) or []
    try:
        cluster = Cluster(processes=1, worker_extra_args=[*own, "--nthreads", "1"])
    except (ValueError, RuntimeError) as error:
        raise CourseError(
            f"dask-jobqueue cannot describe a Slurm job ({' '.join(str(error).split())}): "
            "set cores and memory under jobqueue.slurm in ~/.config/dask/jobqueue.yaml."
        ) from None
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
    return cluster


def _said(error: Exception) -> str:
    """What `sbatch` said, in one line, of an error that dask-jobqueue makes of its outputs."""
    text = re.split("stderr:|output is:", str(error))[-1]
    return " ".join(text.split()).rstrip(".") or "sbatch failed without a word"
