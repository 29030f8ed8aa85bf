"""Kill what works on a sweep again and again, and account for every result.

    python tests/support/stress_sweeps.py             # two hundred kills, half an hour on two cores
    python tests/support/stress_sweeps.py --kills 20

A Dask cluster of one scheduler and two workers trains small GANs. At random moments a Jupyter
kernel, the process that it is a copy of, the one that starts kernels, a worker, the driver or the
scheduler gets SIGKILL; what died is started again, and the same command goes on. A result that is
there must never change, nothing may be missing at the end, and every score must be, bit for bit,
that of a sweep that nobody disturbed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gan_utils.course.sweeps.store import StoredRun, stored_runs

PARAMETERS = """\
seed: int = 0  # random seed [0, 100000]
folder: str = ""  # folder for this run's files"""
CODE = """\
import os

import numpy as np

from gan_utils.networks.plane import mlp_2d_discriminator, mlp_2d_generator
from gan_utils.training.gan import GAN
from gan_utils.data.mixtures import ring
from gan_utils.fast.optimizers import Adam

(run.folder / "kernel").write_text(str(os.getpid()))
gan = GAN(mlp_2d_generator(), mlp_2d_discriminator(), ema=0.9, seed=seed)
gan.compile(Adam(1e-3), Adam(1e-3))
points = ring().sample(5000, np.random.default_rng(seed))
gan.fit(points, 600, 64, epoch_steps=20, callbacks=[run.backup()])
run.score("sum", float(np.abs(gan.sample(100)).sum()))
run.finish()"""
ROOT = str(Path(__file__).resolve().parents[2])
COURSE = [sys.executable, "-c", "from gan_utils.course.cli import app; app()"]
RUNS = 16  # of one sweep; another one begins when it is done
# How often each is chosen: what dies most often in practice, first.
WEIGHTS = {"kernel": 10, "original": 2, "runner": 4, "worker": 3, "driver": 3, "scheduler": 1}
PATIENCE = 300  # seconds without a new result after which something has got stuck


class Cluster:
    """A scheduler, two workers and the driver of one sweep, each started again when it is dead."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.processes: dict[str, subprocess.Popen] = {}
        self.sweep: Path | None = None

    def alive(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def mend(self) -> None:
        """Start what is dead."""
        dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
        self._start("scheduler", [*dask, "--host", self.address])
        for name in ("worker a", "worker b"):
            dask = [sys.executable, "-m", "distributed.cli.dask_worker", self.address]
            options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name]
            self._start(name, [*dask, *options])
        options = ["sweep", str(self.sweep), "--scheduler", self.address, "--retry-failed"]
        self._start("driver", [*COURSE, *options])

    def _start(self, name: str, command: list[str]) -> None:
        if not self.alive(name):
            self.processes[name] = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": ROOT},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def victims(self, kind: str) -> list[int]:
        """The processes of a kind that are alive; the original is what kernels are copies of."""
        if kind in ("kernel", "original", "runner"):
            below = self._below_workers()
            files = Path("runs", self.sweep.stem).glob("*/kernel")
            kernels = {int(file.read_text() or 0) for file in files}
            runners = {pid for pid, line in below.items() if "gan_utils.course.execution" in line}
            copied = {pid for pid, line in below.items() if "forkserver" in line}
            chosen = {"kernel": kernels, "runner": runners, "original": copied - kernels}[kind]
            return sorted(chosen & below.keys())
        return [p.pid for name, p in self.processes.items() if name.startswith(kind)
                and self.alive(name)]  # fmt: skip

    def _below_workers(self) -> dict[int, str]:
        """The processes that the workers have started, and those have, with their commands."""
        commands = {}
        for name, process in self.processes.items():
            if name.startswith("worker") and self.alive(name):
                with suppress(psutil.NoSuchProcess):
                    for child in psutil.Process(process.pid).children(recursive=True):
                        with suppress(psutil.NoSuchProcess):
                            commands[child.pid] = " ".join(child.cmdline())
        return commands

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()


def write_course() -> None:
    """The one small lesson that the sweeps run."""
    cells = [
        new_markdown_cell("# 01 · Small"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell('from gan_utils.lesson.run import start\n\nrun = start("01_small")'),
        new_code_cell(CODE),
    ]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    Path("notebooks").mkdir()
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, "notebooks/01_small.ipynb")


def write_sweep(name: str, seeds: list[int]) -> Path:
    path = Path(f"{name}.yaml")
    path.write_text(f"lessons: 01\nseeds: {seeds}\n", encoding="utf-8")
    return path


def finished(sweep: Path) -> list[StoredRun]:
    """The runs of a sweep that are done; none before its driver has written the plan."""
    folder = Path("runs", sweep.stem)
    if not (folder / "sweep.json").exists():
        return []
    return [known for known in stored_runs(folder) if known.state == "done"]


def torment(kills: int, chance: random.Random) -> tuple[Counter, dict[str, bytes], int]:
    """Kill so often while sweeps run; what was killed, every result seen, how many seeds."""
    killed: Counter = Counter()
    seen: dict[str, bytes] = {}
    cluster, sweeps = Cluster(), 0
    progress = time.monotonic()
    try:
        while (
            cluster.sweep is None or killed.total() < kills or len(finished(cluster.sweep)) < RUNS
        ):
            if cluster.sweep is None or len(finished(cluster.sweep)) == RUNS:
                seeds = list(range(RUNS * sweeps, RUNS * (sweeps + 1)))
                cluster.sweep, sweeps = write_sweep(f"disturbed-{sweeps}", seeds), sweeps + 1
            cluster.mend()
            time.sleep(chance.expovariate(1 / 3))
            if killed.total() < kills and cluster.victims("kernel"):
                (kind,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
                if victims := cluster.victims(kind):
                    with suppress(ProcessLookupError):
                        os.kill(chance.choice(victims), signal.SIGKILL)
                        killed[kind] += 1
            for known in finished(cluster.sweep):
                content = (known.folder / "result.json").read_bytes()
                if known.name not in seen:
                    progress = time.monotonic()
                    print(f"{len(seen) + 1} results, {killed.total()} kills", flush=True)
                if seen.setdefault(known.name, content) != content:
                    raise SystemExit(f"{known.folder} was done a second time.")
            if time.monotonic() > progress + PATIENCE:
                raise SystemExit(f"no result came in {PATIENCE} s: see {Path.cwd()}.")
    finally:
        cluster.close()
    return killed, seen, RUNS * sweeps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the moments and the victims")
    options = parser.parse_args()
    os.chdir(tempfile.mkdtemp(prefix="stress-"))
    write_course()
    began = time.monotonic()
    killed, seen, seeds = torment(options.kills, random.Random(options.seed))
    minutes = (time.monotonic() - began) / 60
    reference = write_sweep("undisturbed", list(range(seeds)))
    subprocess.run(
        [*COURSE, "sweep", reference, "--jobs", "2"], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip
    for path in Path("runs").glob("disturbed-*/*/result.json"):
        if seen[path.parent.name] != path.read_bytes():
            raise SystemExit(f"{path} was changed after it was done.")
    expected = {known.name: known.result["scores"] for known in finished(reference)}
    scores = {name: json.loads(content)["scores"] for name, content in seen.items()}
    for kind, count in killed.most_common():
        print(f"{kind:10} killed {count:4} times")
    equal = sum(scores.get(name) == value for name, value in expected.items())
    print(f"{len(expected)} runs: {len(scores)} done once, {equal} equal to the undisturbed ones, "
          f"{minutes:.0f} minutes")  # fmt: skip
    if len(expected) != seeds or scores != expected:
        raise SystemExit(f"something was lost: see {Path.cwd()}.")


if __name__ == "__main__":
    main()
