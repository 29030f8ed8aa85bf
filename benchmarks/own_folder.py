"""A folder of 100,000 pictures: seconds and memory of its first and of its second start.

    python benchmarks/own_folder.py

The pictures are PNG files of 64 × 64 pixels in ten classes, made in a temporary folder and deleted
afterwards; they take 800 MB of disk, and the cache 1.2 GB. Each start is a process of its own
(`python benchmarks/own_folder.py FOLDER CACHE`); its memory is the most that it had at once.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import recording
from PIL import Image
from recording import Row

from gan_utils.data import load_folder

COUNT, SIDE, CLASSES = 100_000, 64, 10


def make(folder: Path) -> None:
    """Smooth pictures of random colours, each another one."""
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (folder / f"class {label}").mkdir(parents=True)
    for number in range(COUNT):
        cells = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        file = folder / f"class {number % CLASSES}" / f"{number:06d}.png"
        cells.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(file, compress_level=1)


def start(folder: str, cache: str) -> dict[str, float]:
    """Seconds that reading the folder takes, and the process's largest memory in GB."""
    started = time.perf_counter()
    found = load_folder(folder, SIDE, cache=cache)
    seconds = time.perf_counter() - started
    assert len(found) == COUNT, found.survey
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "gigabytes": peak * (1 if sys.platform == "darwin" else 1024) / 1e9}


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as made:
        folder, cache = Path(made, "pictures"), Path(made, "cache")
        # A folder cannot be made in a file: what is read then stays in memory.
        (nowhere := Path(made, "file")).touch()
        make(folder)
        for name, place in {
            "first start": cache, "second start": cache, "start without a cache": nowhere,
        }.items():  # fmt: skip
            command = [sys.executable, __file__, folder, place]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            what = f"{COUNT:,} pictures of {SIDE} × {SIDE}: {name}"
            rows.append(Row(what, found["seconds"], "s", shown=name != "start without a cache"))
            rows.append(Row(f"{what}, memory", found["gigabytes"], "GB", shown=rows[-1].shown))
    return rows


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(start(*sys.argv[1:])))
    else:
        recording.run(__file__, measure)
