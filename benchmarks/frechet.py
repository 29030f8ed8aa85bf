"""Time the course's Fréchet distance beside the textbook formula and torch-fidelity's.

    python benchmarks/frechet.py

All three take the same two sets of 10,000 × 2,048 float64 features (the width of FID) and give
the distance alone, without an interval. They take turns, so that what else the machine does falls
on all of them, and each is timed from the features to the number. torch-fidelity is left out
where it is not installed; tests/support/reference/make.py says what it needs. It takes about two
minutes.
"""

import time

import numpy as np
import recording
import scipy.linalg
from recording import Row, ratios, spread

from gan_utils.metrics import frechet_distance

try:
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
except ImportError:
    torch = None

ROWS, COLUMNS, REPETITIONS = 10_000, 2_048, 3
# As in tests/support/reference/draws.py, but wide enough for covariances of full rank.
HIDDEN = 256


def features() -> tuple[np.ndarray, np.ndarray]:
    """Draw two sets as after a ReLU, with correlated columns, that differ somewhat."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(HIDDEN, COLUMNS)) / np.sqrt(HIDDEN)
    other = mix + 0.4 * rng.normal(size=(HIDDEN, COLUMNS)) / np.sqrt(HIDDEN)
    real = rng.normal(size=(ROWS, HIDDEN)) @ mix
    fake = 1.2 * rng.normal(size=(ROWS, HIDDEN)) @ other + 0.1
    return np.maximum(real, 0), np.maximum(fake, 0)


def by_course(real: np.ndarray, fake: np.ndarray) -> float:
    return float(frechet_distance(real, fake, resamples=0))


def by_textbook(real: np.ndarray, fake: np.ndarray) -> float:
    gap = real.mean(axis=0) - fake.mean(axis=0)
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(first @ second)
    return float(gap @ gap + np.trace(first) + np.trace(second) - 2 * np.trace(root).real)


def by_torch_fidelity(real: np.ndarray, fake: np.ndarray) -> float:
    moments = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (real, fake)]
    return fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"]


def main() -> list[Row]:
    methods = {"gan_utils": by_course, "scipy's sqrtm": by_textbook}
    if torch is None:
        print("torch-fidelity cannot be imported and is left out.")
    else:
        methods["torch-fidelity"] = by_torch_fidelity
    sets = features()
    times: dict[str, list[float]] = {name: [] for name in methods}
    values = {}
    for _ in range(REPETITIONS):
        for name, measure in methods.items():
            start = time.perf_counter()
            values[name] = measure(*sets)
            times[name].append(time.perf_counter() - start)
    for name, value in values.items():
        print(f"{name}: {value!r}")
    size = f"Fréchet distance, {ROWS:,} × {COLUMNS:,}"
    rows = [spread(f"{size}: {name}", taken, "s") for name, taken in times.items()]
    for name in list(methods)[1:]:
        what = f"{size}: times as fast as {name}"
        rows.append(ratios(what, times[name], times["gan_utils"], shown=True))
    return rows


if __name__ == "__main__":
    recording.run(__file__, main)
