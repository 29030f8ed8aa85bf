"""Slurm that refuses a job, with a stand-in for `sbatch` that says why."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

pytest.importorskip("papermill")
pytest.importorskip("dask_jobqueue")

from small_course import COURSE, environment, put

SETTINGS = {
    "cores": 1, "processes": 1, "memory": "2GB", "interface": "lo", "python": sys.executable,
    "shebang": "#!/bin/sh",
}  # fmt: skip


def sweep(folder, sbatch, before="", **settings):
    """A sweep of one run in Slurm jobs, where `sbatch` is this script."""
    put(folder / "notebooks" / "01_small.ipynb")
    (folder / "s.yaml").write_text("lessons: 01\n")
    (folder / "bin").mkdir()
    for name, script in (("sbatch", sbatch), ("scancel", "exit 0")):
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "dask").mkdir()
    text = json.dumps({"jobqueue": {"slurm": {**SETTINGS, **settings}}})
    (folder / "dask" / "jobqueue.yaml").write_text(text)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [*COURSE[:-1], before + COURSE[-1], "sweep", "s.yaml", "--slurm", "--jobs", "2"],
        cwd=folder, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env={**environment(), "PATH": path, "DASK_CONFIG": str(folder / "dask")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sbatch", "words"),
    [
        ("echo 'sbatch: error: Invalid account or\n account/partition.' >&2; exit 1",
         "sbatch: error: Invalid account or account/partition"),
        ("exit 1", "sbatch failed without a word"),
        ("echo 'maintenance until noon'", "maintenance until noon"),
    ],
)  # fmt: skip
def test_what_sbatch_says_is_said(tmp_path, sbatch, words):
    out, error = sweep(tmp_path, sbatch).communicate(timeout=300)
    assert error.startswith("Error: Slurm took no job (") and len(error.splitlines()) == 1, error
    assert f"{words}): mend the settings under jobqueue.slurm" in error
    assert out == "waiting for the first worker\n"


def test_settings_that_describe_no_job(tmp_path):
    _, error = sweep(tmp_path, "exit 1", interface="nothing0").communicate(timeout=300)
    assert error.startswith("Error: dask-jobqueue cannot describe a Slurm job (")
    assert "nothing0" in error and len(error.splitlines()) == 1, error


def test_a_job_that_does_not_begin_is_waited_for_and_spoken_of(tmp_path):
    """With a hundredth of the minute between two notes."""
    often = "from gan_utils.course.sweeps import progress; progress.WAITING = 0.6; "
    process = sweep(tmp_path, "echo Submitted batch job 7", often)
    said = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert said[0] == "waiting for the first worker\n"
    for line in said[1:]:
        assert re.fullmatch(r"  no worker for 0:\d\d: `squeue --me` shows .* slurm-.*\n", line)
    assert process.returncode == 130 and error.startswith("Error: interrupted: "), error
