"""What a batch of short runs costs: plain papermill, and gan-course sweep; and a very large batch.

    python benchmarks/sweeps.py

Forty runs of the study in the plane, two at a time, each training for about two seconds. The
overhead of a run is its share of the two cores' time, less what its own clock counts from the
notebook's start to its end. Then a sweep of ten thousand runs that are done, whose results are
copies of one with other numbers: how long its command takes to find nothing to do, and how long
and how much memory its report takes. Twelve minutes.
"""

import copy
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import recording
from recording import Row, ratios, spread

RUNS, STEPS, JOBS, TURNS = 40, 500, 2, 2
SETTINGS, SEEDS = 20, 500
NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "studies" / "plane.ipynb"
PAPERMILL, SWEEP = "papermill, two commands at a time", "gan-course sweep --jobs 2"
LARGE = "ten thousand"
COURSE = [sys.executable, "-c", "from gan_utils.course.cli import app; app()"]


def papermill(folder: Path) -> None:
    def one(seed: int) -> None:
        run_folder = folder / str(seed)
        run_folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "papermill", NOTEBOOK, run_folder / "plane.ipynb",
             "-p", "seed", str(seed), "-p", "steps", str(STEPS), "-p", "folder", run_folder,
             "--no-progress-bar"],
            check=True, capture_output=True,
        )  # fmt: skip

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(one, range(RUNS)))


def sweep(folder: Path) -> None:
    file = folder / "s.yaml"
    file.write_text(f"lessons: {NOTEBOOK}\nset: {{steps: {STEPS}}}\nseeds: {RUNS}\n")
    subprocess.run(
        [*COURSE, "sweep", file, "--out", folder / "runs", "--jobs", str(JOBS)],
        check=True, capture_output=True,
    )  # fmt: skip


def short_runs(way: str) -> dict[str, float]:
    """Seconds of all runs, of one by its own clock, and of its training."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        {PAPERMILL: papermill, SWEEP: sweep}[way](folder)
        taken = time.perf_counter() - start
        results = [json.loads(path.read_text()) for path in folder.rglob("result.json")]
    assert len(results) == RUNS
    own = sum(60 * result["minutes"] for result in results) / RUNS
    training = sum(
        score["value"] for r in results for score in r["scores"] if score["name"] == "training"
    )
    return {"all": taken, "own": own, "training": training / RUNS}


def many_runs() -> dict[str, float]:
    """Seconds and megabytes of the commands on a sweep that is done."""
    from gan_utils.course.sweeps.plan import read_sweep

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "s.yaml"
        rates = [round(1e-4 * (1 + setting), 6) for setting in range(SETTINGS)]
        text = f"lessons: {NOTEBOOK}\nset: {{steps: {STEPS}}}\n"
        file.write_text(text)
        command = [*COURSE, "sweep", file, "--out", folder / "runs", "--yes"]
        subprocess.run(command, check=True, capture_output=True)
        (model,) = (folder / "runs").glob("plane-*")
        result = json.loads((model / "result.json").read_text())
        picture = (model / "samples.png").read_bytes()
        file.write_text(f"{text}grid: {{rate: {rates}}}\nseeds: {SEEDS}\n")
        rng = random.Random(0)
        for run in read_sweep(file, many=True):
            run_folder = folder / "runs" / run.name
            run_folder.mkdir(exist_ok=True)
            own = copy.deepcopy(result)
            own["parameters"] = {**run.values, "folder": str(run_folder)}
            for score in own["scores"]:
                score["value"] = rng.random()
            (run_folder / "result.json").write_text(json.dumps(own, indent=1))
            (run_folder / "samples.png").write_bytes(picture)
        taken = {}
        for what, arguments in (("rerun", command), ("report", [*COURSE, "report", command[-2]])):
            start = time.perf_counter()
            done = subprocess.run(arguments, check=True, capture_output=True, text=True)
            taken[what] = time.perf_counter() - start
            if what == "rerun":
                assert "10000 done, 0 failed, 0 to do" in done.stdout, done.stdout
    # The largest of all processes so far, so the report took no more.
    taken["megabytes"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    return taken


def main() -> list[Row]:
    pieces = recording.in_turn(__file__, [PAPERMILL, SWEEP], TURNS)
    whole = {way: [one["all"] for one in ones] for way, ones in pieces.items()}
    overhead = {
        way: [JOBS * one["all"] / RUNS - one["own"] for one in ones] for way, ones in pieces.items()
    }
    training = [one["training"] for ones in pieces.values() for one in ones]
    large = recording.in_turn(__file__, [LARGE], 1)[LARGE][0]
    shares = ratios("", whole[SWEEP], whole[PAPERMILL])
    return [
        spread(f"a run of {STEPS} steps: its training", training, "s"),
        *(spread(f"{RUNS} runs, {way}", times, "s", True) for way, times in whole.items()),
        Row(f"{RUNS} runs: the sweep's time as a share of papermill's", 100 * shares.value, "%",
            100 * shares.low, 100 * shares.high, True),
        *(spread(f"overhead of a run, {way}", times, "s") for way, times in overhead.items()),
        Row("10,000 runs that are done: the sweep's command", large["rerun"], "s", shown=True),
        Row("10,000 runs that are done: their report", large["report"], "s", shown=True),
        Row("10,000 runs that are done: memory of the report", large["megabytes"], "MB"),
    ]  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:]:
        way = sys.argv[1]
        print(json.dumps(many_runs() if way == LARGE else short_runs(way)))
    else:
        recording.run(__file__, main)
