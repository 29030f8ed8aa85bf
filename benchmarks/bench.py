"""Run the benchmarks, all of them or those named, one after the other.

    python benchmarks/bench.py                 # everything, two hours and a half on two cores
    python benchmarks/bench.py step frechet

Each prints its figures and replaces its part of benchmarks/results.json and the README's table.
Leave the machine alone meanwhile: they take turns with each other, not with you.
"""

import subprocess
import sys

from recording import HERE

NAMES = (
    "frechet", "prdc", "scoring", "step", "lessons", "scaling", "startup", "sweeps", "widgets",
    "own_folder", "quality",
)  # fmt: skip


def main(names: list[str]) -> None:
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"there is no benchmark {unknown[0]!r}: choose of {', '.join(NAMES)}.")
    for name in names or NAMES:
        print(f"--- {name}", flush=True)
        subprocess.run([sys.executable, HERE / f"{name}.py"], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
