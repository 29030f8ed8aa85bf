"""What a short run of a batch costs beside its own work: plain papermill, and gan-course sweep.

    python benchmarks/sweeps.py

Four runs of the study in the plane, one after the other, three turns. The overhead of a run is its
share of the whole time, less what its own clock counts from the notebook's start to its end. Three
minutes.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import recording
from recording import Row, ratios, spread

RUNS, STEPS, TURNS = 4, 500, 3
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PAPERMILL, SWEEP = "papermill, a command a run", "gan-course sweep"


def papermill(folder: Path) -> None:
    for seed in range(RUNS):
        place = folder / str(seed)
        place.mkdir()
        subprocess.run(
            [sys.executable, "-m", "papermill", NOTEBOOKS / "studies" / "plane.ipynb",
             place / "plane.ipynb", "-p", "seed", str(seed), "-p", "steps", str(STEPS),
             "-p", "folder", place, "--no-progress-bar"],
            check=True, capture_output=True,
        )  # fmt: skip


def sweep(folder: Path) -> None:
    file = folder / "s.yaml"
    file.write_text(f"lessons: {NOTEBOOKS}/studies/plane.ipynb\nset: {{steps: {STEPS}}}\n"
                    f"seeds: {RUNS}\n")  # fmt: skip
    command = [sys.executable, "-c", "from gan_utils.cli import app; app()"]
    subprocess.run(
        [*command, "sweep", file, "--out", folder / "runs"], check=True, capture_output=True
    )


def overhead(way: str) -> dict[str, float]:
    """Seconds a run, beside those that its own clock counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        {PAPERMILL: papermill, SWEEP: sweep}[way](folder)
        taken = time.perf_counter() - start
        results = [json.loads(path.read_text()) for path in folder.rglob("result.json")]
    assert len(results) == RUNS
    own = sum(60 * result["minutes"] for result in results)
    return {"overhead": (taken - own) / RUNS, "own": own / RUNS}


def main() -> list[Row]:
    found = recording.in_turn(__file__, [PAPERMILL, SWEEP], TURNS)
    taken = {way: [one["overhead"] for one in ones] for way, ones in found.items()}
    own = [one["own"] for ones in found.values() for one in ones]
    return [
        spread(f"a run of {STEPS} steps: its own time", own, "s"),
        *(spread(f"overhead of a run, {way}", times, "s", True) for way, times in taken.items()),
        ratios("overhead of a run: papermill's over the sweep's", taken[PAPERMILL], taken[SWEEP]),
    ]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(overhead(sys.argv[1])))
    else:
        recording.run(__file__, main)
