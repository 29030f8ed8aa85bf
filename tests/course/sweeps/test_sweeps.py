"""Sweeps for real: kernels run, fail, are killed and go on, here and on Dask's workers."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytest.importorskip("papermill")
pytest.importorskip("distributed")

from gan_utils.course.sweeps import crews
from gan_utils.course.sweeps.plan import read_sweep
from gan_utils.course.sweeps.store import stored_runs, write_plan
from gan_utils.course.sweeps.work import carry_out, task, unpack
from gan_utils.errors import CourseError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by POSIX signals")

PARAMETERS = """\
seed: int = 0  # random seed [0, 1000]
folder: str = ""  # folder for this run's files
ending: str = "good"  # how it ends {good, error, dead, slow}
repair: str = "none"  # a file that mends what ends badly"""
CODE = """\
import os, time
from pathlib import Path

import numpy as np

lives = run.folder / "lives"
lives.write_text((lives.read_text() if lives.exists() else "") + f"{os.getpid()} ")
if not Path(repair).exists():
    if ending == "error":
        raise ValueError(f"no luck with seed {seed}")
    if ending == "dead":
        os._exit(3)
    if ending == "slow":
        time.sleep(600)
run.score("draw", np.random.rand(), better="lower")
run.score("gpu", int(os.environ.get("CUDA_VISIBLE_DEVICES") or -1))
run.finish()"""
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
COMMAND = [sys.executable, "-c", "from gan_utils.course.cli import app; app()", "sweep"]
INTERRUPTED = "Error: interrupted: what was finished is in runs/s; the same command goes on.\n"
ROOT = str(Path(__file__).resolve().parents[3])


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder {with braces} that holds one small lesson."""
    folder = tmp_path / "a {course}"
    (folder / "notebooks").mkdir(parents=True)
    monkeypatch.chdir(folder)
    cells = [
        new_markdown_cell("# 01 · Small"),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell('from gan_utils.lesson.run import start\n\nrun = start("01_small")'),
        new_code_cell(CODE),
    ]
    notebook = new_notebook(cells=cells, metadata={"kernelspec": KERNEL})
    Path("notebooks/01_small.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    return folder


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": ROOT, **more}


def begin(text: str, *options: str, **variables: str) -> subprocess.Popen:
    """Start a sweep in a process group of its own, as a shell does."""
    Path("s.yaml").write_text(f"lessons: 01\n{text}", encoding="utf-8")
    return subprocess.Popen(
        [*COMMAND, "s.yaml", *options], env=environment(**variables), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def sweep(text: str, *options: str, **variables: str) -> subprocess.CompletedProcess:
    process = begin(text, *options, **variables)
    try:
        out, error = process.communicate(timeout=300)
    finally:
        process.kill()
    # Without the lines that tell every ten seconds how far a run has come.
    out = "".join(line for line in out.splitlines(keepends=True) if not line.startswith("  "))
    return subprocess.CompletedProcess(process.args, process.returncode, out, error)


def wait_until(true, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def lives() -> list[int]:
    """The processes that runs of the sweep had, in order of their folders."""
    return [
        int(pid) for file in sorted(Path("runs/s").glob("*/lives"))
        for pid in file.read_text().split()
    ]  # fmt: skip


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_failures_are_kept_and_done_again_when_asked(course):
    text = "grid: {ending: [good, error, dead]}\nset: {repair: mended}\nseeds: 2"
    dry = sweep(text, "--dry-run")
    assert dry.returncode == 0 and "6 runs in runs/s: 0 done, 0 failed, 6 to do" in dry.stdout
    assert not Path("runs").exists()

    first = sweep(text, "--limit", "5")
    assert (first.returncode, first.stderr) == (1, "")
    lines = first.stdout.splitlines()
    assert lines[-1] == "6 runs in runs/s: 2 done, 3 failed, 1 to do"
    assert re.search(r"^\[1/5\] 01_small ending=good seed=0: done in .* left$", lines[0])
    assert "ending=error seed=1: failed after" in lines[3]
    assert "ValueError: no luck with seed 1" in lines[3]
    assert "DeadKernelError: the Jupyter kernel ended with exit code 3" in lines[4]

    second = sweep(text)
    lines = second.stdout.splitlines()
    assert second.returncode == 1 and lines[0].startswith("[1/1] 01_small ending=dead seed=1")
    assert lines[-1] == "6 runs in runs/s: 2 done, 4 failed, 0 to do"
    assert sweep(text).stdout == lines[-1] + "\n"

    Path("mended").touch()
    third = sweep(text, "--retry-failed")
    assert third.returncode == 0
    assert third.stdout.splitlines()[-1] == "6 runs in runs/s: 6 done, 0 failed, 0 to do"
    stored = stored_runs(Path("runs/s"))
    assert [run.state for run in stored] == ["done"] * 6
    # Each failed run began twice in its own folder, and none began a third time.
    assert [len((run.folder / "lives").read_text().split()) for run in stored] == [
        1, 1, 2, 2, 2, 2,
    ]  # fmt: skip


def test_a_run_of_a_sweep_is_the_run_that_papermill_makes(course):
    """The copied kernel draws the same numbers as one that was started from nothing."""
    assert sweep("seeds: [5, 6]").returncode == 0
    plain = subprocess.run(
        [sys.executable, "-m", "papermill", "notebooks/01_small.ipynb", "out.ipynb",
         "-p", "seed", "6", "-p", "folder", "plain", "--no-progress-bar"],
        env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert plain.returncode == 0, plain.stderr
    expected = json.loads(Path("plain/result.json").read_text())["scores"]
    five, six = (run.result["scores"] for run in stored_runs(Path("runs/s")))
    assert six == expected
    assert five[0]["value"] != six[0]["value"]


def test_interrupt_ends_the_kernel_and_the_same_command_goes_on(course):
    process = begin("set: {ending: slow, repair: mended}")
    wait_until(lives)
    (pid,) = lives()
    assert alive(pid)
    second = sweep("set: {ending: slow, repair: mended}")
    assert second.returncode == 1
    assert "Error: another sweep is at work in runs/s" in second.stderr
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, INTERRUPTED)
    wait_until(lambda: not alive(pid), 10)
    (run,) = stored_runs(Path("runs/s"))
    assert run.state == "missing"

    Path("mended").touch()
    assert sweep("set: {ending: slow, repair: mended}").returncode == 0
    assert lives()[0] == pid and len(lives()) == 2  # in the same folder


def test_interrupt_at_a_terminal_ends_all_jobs(course):
    process = begin("set: {ending: slow}\nseeds: 3", "--jobs", "2")
    wait_until(lambda: len(lives()) == 2)
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (130, INTERRUPTED)
    wait_until(lambda: not any(map(alive, lives())), 10)
    assert len(lives()) == 2  # no other run was begun
    assert [run.state for run in stored_runs(Path("runs/s"))] == ["missing"] * 3


def test_interrupt_leaves_another_sweep_on_the_cluster_alone(cluster):
    address, _, _ = cluster
    first = begin("set: {ending: slow, repair: mended}", "--scheduler", address)
    wait_until(lambda: len(lives()) == 1)
    (pid,) = lives()
    second = begin("set: {ending: slow}", "--scheduler", address, "--out", "runs/t")
    others = lambda: list(Path("runs/t").glob("*/lives"))  # noqa: E731
    wait_until(others)
    os.killpg(second.pid, signal.SIGINT)
    second.communicate(timeout=60)
    assert second.returncode == 130
    other = int(others()[0].read_text().split()[0])
    wait_until(lambda: not alive(other), 10)
    assert alive(pid)
    os.killpg(first.pid, signal.SIGINT)
    first.communicate(timeout=60)
    wait_until(lambda: not alive(pid), 10)


def test_a_cell_that_hangs_fails_its_run_and_no_other(course):
    done = sweep("cell_seconds: 5\ngrid: {ending: [slow, good]}")
    slow, good = done.stdout.splitlines()[:2]
    assert done.returncode == 1 and "ending=good seed=0: done in" in good
    assert ": a cell took longer than the 5 cell_seconds of the sweep · " in slow
    wait_until(lambda: not any(map(alive, lives())), 10)


def test_a_killed_sweep_is_done_by_the_same_command_and_nothing_twice(course):
    text = "list: [{}, {ending: slow}]\nset: {repair: mended}\nseeds: 2"
    process = begin(text)
    wait_until(lambda: len(list(Path("runs/s").glob("*/result.json"))) == 2 and len(lives()) == 3)
    process.kill()
    process.communicate()
    finished = {path: path.read_bytes() for path in Path("runs/s").glob("*/result.json")}
    Path("mended").touch()
    done = sweep(text)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4 runs in runs/s: 4 done, 0 failed, 0 to do"
    assert {path: path.read_bytes() for path in finished} == finished
    assert len(lives()) == 5  # only what was cut off began twice


def test_a_result_cut_short_is_made_again(course):
    assert sweep("seeds: 2").returncode == 0
    paths = [run.folder / "result.json" for run in stored_runs(Path("runs/s"))]
    scores = [json.loads(path.read_text())["scores"] for path in paths]
    paths[0].write_bytes(paths[0].read_bytes()[:200])
    done = sweep("seeds: 2")
    assert done.stdout.splitlines()[0].startswith("[1/1] 01_small seed=0: done in")
    assert [json.loads(path.read_text())["scores"] for path in paths] == scores


def test_a_changed_notebook_makes_other_runs(course):
    assert sweep("seeds: 1").returncode == 0
    (old,) = Path("runs/s").glob("01_small-*")
    notebook = Path("notebooks/01_small.ipynb")
    notebook.write_text(notebook.read_text().replace("np.random.rand()", "2.0"))
    done = sweep("seeds: 1")
    assert done.stdout.splitlines()[-1] == "1 runs in runs/s: 1 done, 0 failed, 0 to do"
    (run,) = stored_runs(Path("runs/s"))
    assert run.result["scores"][0]["value"] == 2.0
    assert run.folder != old and (old / "result.json").exists()


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small disk: needs root"
)
def test_a_full_disk_is_one_sentence_and_the_sweep_goes_on_when_there_is_room(course):
    Path("runs").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "runs"], check=True)
    try:
        done = sweep("seeds: 200")
        assert done.returncode == 1
        assert re.fullmatch(r"Error: cannot .*\(no space left on device\): .*\.\n", done.stderr)
        kept = [run for run in stored_runs(Path("runs/s")) if run.state == "done"]
        assert kept
        before = [(run.folder / "result.json").read_bytes() for run in kept]
        subprocess.run(["mount", "-o", "remount,size=64m", "runs"], check=True)
        done = sweep(f"seeds: {len(kept) + 2}", "--retry-failed")
        assert done.returncode == 0, done.stderr
        assert [(run.folder / "result.json").read_bytes() for run in kept] == before
    finally:
        subprocess.run(["umount", "-l", "runs"], check=True)


TRAINING = """\
import os, signal
from pathlib import Path

import keras
import numpy as np

from gan_utils.networks.plane import mlp_2d_discriminator, mlp_2d_generator
from gan_utils.training.callbacks import DivergenceGuard
from gan_utils.training.gan import GAN
from gan_utils.data.mixtures import ring
from gan_utils.fast.optimizers import Adam


class Kill(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        with open(run.folder / "epochs", "a") as file:
            file.write(str(epoch))
        if ending == "dead" and epoch == 2 and not Path(repair).exists():
            Path(repair).touch()
            os.kill(os.getpid(), signal.SIGKILL)


gan = GAN(mlp_2d_generator(), mlp_2d_discriminator(), ema=0.9, seed=seed)
rate = 1e30 if ending == "error" else 1e-3
gan.compile(Adam(rate), Adam(rate))
points = ring().sample(2000, np.random.default_rng(seed))
gan.fit(points, 50, 32, epoch_steps=10, callbacks=[DivergenceGuard(), run.backup(), Kill()])
run.score("epochs", len(gan.records["d_loss"]))
run.score("sum", float(np.abs(gan.sample(100)).sum()))
run.finish()"""


def test_a_training_killed_half_way_ends_as_if_it_had_not_been(course):
    notebook = nbformat.read("notebooks/01_small.ipynb", 4)
    notebook.cells[-1].source = TRAINING
    nbformat.write(notebook, "notebooks/01_small.ipynb")
    text = "list: [{}, {ending: dead, repair: mended}, {ending: error}]"
    first = sweep(text)
    lines = first.stdout.splitlines()
    assert lines[-1] == "3 runs in runs/s: 1 done, 2 failed, 0 to do"
    assert "DeadKernelError" in lines[1]
    assert "TrainingDiverged: " in lines[2] and "lower the learning rates" in lines[2]
    killed = stored_runs(Path("runs/s"))[1].folder / "backup" / "training.npz"
    assert killed.exists()
    assert (
        sweep(text, "--retry-failed").stdout.splitlines()[-1].startswith("3 runs in runs/s: 2 do")
    )
    whole, resumed, diverged = stored_runs(Path("runs/s"))
    assert resumed.result["scores"] == whole.result["scores"]
    assert (resumed.folder / "epochs").read_text() == "01234"  # none of them twice
    assert diverged.state == "failed" and not killed.exists()


def test_shorter_plan_is_what_is_reported(course):
    assert sweep("seeds: 2").returncode == 0
    done = sweep("seeds: [1]")
    assert done.stdout == "1 runs in runs/s: 1 done, 0 failed, 0 to do\n"
    assert [run.values["seed"] for run in stored_runs(Path("runs/s"))] == [1]


def test_no_slurm_is_one_sentence(course):
    done = sweep("seeds: 1", "--slurm", PATH=str(Path("bin").resolve()))
    assert done.returncode == 1
    assert done.stderr == (
        "Error: sbatch is not here: give --slurm on a machine that submits to Slurm.\n"
    )


def test_kernel_does_not_survive_a_sweep_that_was_killed(course):
    process = begin("set: {ending: slow}")
    wait_until(lives)
    process.kill()
    process.communicate()
    wait_until(lambda: not any(map(alive, lives())), 10)


@pytest.mark.skipif(sys.platform != "linux", reason="copies of a process are used on Linux only")
def test_a_copy_whose_original_was_killed_is_alive_until_it_is_killed():
    code = """if True:
        import multiprocessing, os, signal, time
        from multiprocessing import forkserver

        from gan_utils.course.kernel_pool import _Child

        process = multiprocessing.get_context("forkserver").Process(target=time.sleep, args=(60,))
        process.start()
        child = _Child(process)
        original = forkserver._forkserver._forkserver_pid
        os.kill(original, signal.SIGKILL)
        os.waitpid(original, 0)
        print(child.poll())
        child.kill()
        print(child.wait() is None, os.path.exists(f"/proc/{child.pid}/cwd"))
    """
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stdout.split() == ["None", "False", "False"], done.stderr


def test_files_named_like_modules_change_nothing_for_several_jobs(course):
    """The command begins outside of the folder, as the installed one does, and its workers too."""
    for name in ("random", "json", "socket", "queue", "signal", "tokenize"):
        Path(f"{name}.py").write_text("raise RuntimeError('mine, not the library')\n")
    Path("s.yaml").write_text("lessons: 01\nseeds: 2")
    start = Path("bin/start.py")
    start.parent.mkdir()
    start.write_text("if __name__ == '__main__':\n    " + COMMAND[2])
    done = subprocess.run(
        [sys.executable, str(start), "sweep", "s.yaml", "--jobs", "2"], env=environment(),
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["2 runs in runs/s: 2 done, 0 failed, 0 to do"], (
        done.stderr
    )


def test_one_job_starts_no_scheduler(course):
    code = "from gan_utils.course.cli import app; app(standalone_mode=False)\n"
    code += "import sys; print('distributed' in sys.modules, 'tensorflow' in sys.modules)"
    Path("s.yaml").write_text("lessons: 01")
    done = subprocess.run(
        [sys.executable, "-c", code, "sweep", "s.yaml"], env=environment(), capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False False", done.stderr


def program(name: str, text: str) -> str:
    """Put a program on the PATH that is given back."""
    folder = Path("bin").resolve()
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(stat.S_IRWXU)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_each_job_has_a_gpu_of_its_own(course, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    path = program("nvidia-smi", "echo 'GPU 0: A'; echo 'GPU 1: B'")
    done = sweep("seeds: 4", "--jobs", "2", PATH=path)
    assert done.returncode == 0, done.stderr
    gpus = [run.result["scores"][1]["value"] for run in stored_runs(Path("runs/s"))]
    assert set(gpus) == {0, 1}


def test_more_jobs_than_gpus_are_refused_where_tensorflow_uses_them(course, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", program("nvidia-smi", "echo 'GPU 0: A'; echo 'GPU 1: B'"))
    monkeypatch.setattr(crews, "_tensorflow_sees_gpus", lambda gpus: len(gpus) == 2)
    with pytest.raises(CourseError, match="--jobs is 3, but there are 2 GPUs: give at most that"):
        crews.choose(3, None, False)


def test_gpus_that_tensorflow_does_not_use_limit_nothing(course, monkeypatch):
    if crews._tensorflow_sees_gpus(["0"]):
        pytest.skip("TensorFlow uses a GPU here")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    done = sweep("seeds: 2", "--jobs", "2", PATH=program("nvidia-smi", "echo 'GPU 0: A'"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 runs in runs/s: 2 done, 0 failed, 0 to do"


@pytest.fixture
def cluster(course):
    """A Dask cluster that was there before: its address, its scheduler, and two workers."""
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1",
         "--port", "0", "--no-dashboard", "--scheduler-file", "scheduler.json"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(Path("scheduler.json").exists)
    address = json.loads(Path("scheduler.json").read_text())["address"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1",
             "--no-nanny", "--no-dashboard", "--name", name],
            stderr=subprocess.DEVNULL, env=environment(),
        )
        for name in ("anna", "berta")
    ]  # fmt: skip
    yield address, scheduler, workers
    for child in (*workers, scheduler):
        child.kill()
        child.wait()


def test_run_of_a_lost_worker_is_done_by_another(cluster):
    address, _, workers = cluster
    process = begin("set: {ending: slow, repair: mended}\nseeds: 2", "--scheduler", address)
    wait_until(lambda: len(lives()) == 2)
    first = lives()
    workers[0].kill()
    wait_until(lambda: sum(map(alive, first)) == 1, 10)  # its kernel is gone too
    Path("mended").touch()
    os.kill(next(pid for pid in first if alive(pid)), signal.SIGKILL)
    out, error = process.communicate(timeout=120)
    # The killed kernel is a failed run; the lost worker's run was done by the other one.
    assert out.splitlines()[-1] == "2 runs in runs/s: 1 done, 1 failed, 0 to do", error
    assert len(lives()) == 3


SUICIDE = """\
import os, signal
from pathlib import Path

import psutil

file = run.folder / "lives"
file.write_text("x" if not file.exists() else "xx")
above = psutil.Process().parents()
(runner,) = [p for p in above if "gan_utils.course.execution" in p.cmdline()]
if file.read_text() == "x":
    os.kill(runner.ppid(), [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV][seed])
    signal.pause()
run.score("lives", 2)
run.finish()"""


def test_a_worker_that_dies_is_told_of_and_its_run_done_again(course):
    """Each run kills its own worker, in another way, the first time that it is done."""
    notebook = nbformat.read("notebooks/01_small.ipynb", 4)
    notebook.cells[-1].source = SUICIDE
    nbformat.write(notebook, "notebooks/01_small.ipynb")
    process = begin("seeds: 3", "--jobs", "2")
    out, error = process.communicate(timeout=300)
    assert out.splitlines()[-1] == "3 runs in runs/s: 3 done, 0 failed, 0 to do", error
    for seed, end in enumerate(
        ("9 (SIGKILL), perhaps for want of memory", "6 (SIGABRT)", "11 (SIGSEGV)")
    ):
        (said,) = [line for line in out.splitlines() if f"seed={seed} · worker" in line]
        words = re.fullmatch(
            r"  01_small seed=\d · (worker \d was killed .*): it is done again", said
        )
        assert words[1].endswith(f"by signal {end}"), said
        log = (stored_runs(Path("runs/s"))[seed].folder / "run.log").read_text(encoding="utf-8")
        assert words[1] in log.splitlines()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_lost_scheduler_is_one_sentence_and_no_failed_run(cluster, way):
    address, scheduler, _ = cluster
    process = begin("set: {ending: slow}", "--scheduler", address)
    wait_until(lives)
    scheduler.send_signal(way)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert (
        error == "Error: the Dask scheduler is gone: start it again, and give the same command.\n"
    )
    (run,) = stored_runs(Path("runs/s"))
    assert run.state == "missing"
    log = (run.folder / "run.log").read_text(encoding="utf-8").splitlines()
    assert error.removeprefix("Error: ").strip() in log


def test_no_scheduler_at_the_address(course):
    done = sweep("seeds: 1", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: no Dask scheduler answers at tcp://127.0.0.1:9 (")
    assert len(done.stderr.splitlines()) == 1


def test_slurm_jobs_do_the_runs(course):
    """A stand-in for Slurm: `sbatch` starts the job's script at once and says its number."""
    settings = Path("dask")
    settings.mkdir()
    (settings / "jobqueue.yaml").write_text(
        "jobqueue: {slurm: {cores: 1, processes: 1, memory: 2GB, interface: lo,"
        f" python: {sys.executable}, shebang: '#!/bin/sh'}}}}"
    )
    # Like Slurm it keeps a copy: the script is deleted once it was handed over.
    program(
        "sbatch",
        'job=$(mktemp); cp "$1" "$job"; sh "$job" >"$job.log" 2>&1 & echo "Submitted batch job $!"',
    )
    path = program("scancel", 'for job; do kill "$job"; done')
    done = sweep(
        "seeds: 2", "--slurm", "--jobs", "2", PATH=path, DASK_CONFIG=str(settings.resolve())
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 runs in runs/s: 2 done, 0 failed, 0 to do"


def test_files_come_back_from_a_worker_that_does_not_see_the_folder(course):
    Path("s.yaml").write_text("lessons: 01\nseeds: [7]")
    (run,) = read_sweep(Path("s.yaml"))
    here = Path("runs/s")
    here.mkdir(parents=True)
    packed = task(run, here, "a token that no folder has")
    done = carry_out(packed)
    assert done.error == "" and not (here / run.name).exists()
    write_plan(here, [run])
    unpack(done.files, here / run.name)
    (run,) = stored_runs(here)
    assert run.state == "done" and run.result["parameters"]["seed"] == 7
    assert {"01_small.ipynb", "run.log", "result.json"} <= {p.name for p in run.folder.iterdir()}
    assert "  starting · 0:00\n" in (run.folder / "run.log").read_text(encoding="utf-8")


def test_worker_with_another_version_is_refused(course):
    Path("s.yaml").write_text("lessons: 01")
    (run,) = read_sweep(Path("s.yaml"))
    from dataclasses import replace

    from gan_utils.errors import CourseError

    with pytest.raises(CourseError, match="another version of gan-course"):
        carry_out(replace(task(run, Path("runs"), "x"), package="other"))
