"""Write values.json: what two published packages measure on the sets of draws.py.

    python tests/support/reference/make.py

Run it on demand, under Python 3.11 in an environment of its own, because the course depends on
neither package. It takes about a minute on two cores and 3 GB of memory. What it needs:

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 prdc==0.2
    pip install torch==2.15.0 torchvision==0.29.2 torch-fidelity==0.4.0

torch-fidelity is called below its public interface, which starts from images, so another version
may name or order things differently. This is what 0.4.0 does, for whoever repeats it:

Fréchet distance: mean and covariance (n − 1) in float64; the trace of the root is the sum of the
square roots of the eigenvalues of Σ₁Σ₂. On singular covariances, as in set B, the rounding of the
eigenvalues at 0 remains as its square root: that value is 4e-7 of itself too small, and its last
eight digits change with the number of threads. In 40 digits it begins 59.748914385974220767.

Kernel distance: RandomState(2020). For each subset it draws the rows of the first set by
choice(n, size, replace=False), then those of the second with choice(m, size, replace=False), then
goes on to the next subset. The kernel function is (x·y / columns + 1)³ and the estimate the
unbiased one: within a set a row is not paired with itself, between the sets all pairs count. The
standard deviation over the subsets has n in its denominator. All in float64.

Inception score: rows are put in the order RandomState(2020).permutation(n); split i holds rows
i·n // splits up to (i + 1)·n // splits of that order; mean and standard deviation (n in the
denominator) of the splits' scores. The softmax is taken of the logits, in float64.

Precision and recall: the generated set comes first. A point is inside a ball of radius r at
distance <= r. Distances are in float64, but shares are averaged in float32.

prdc: the k-th neighbour does not count the point itself. A point is inside a ball of radius r at
distance < r. All in float64; its documentation names float32, but it converts nothing.
"""

import contextlib
import io
import json
import platform
from importlib.metadata import version
from pathlib import Path

import torch
from draws import Sets, logits, set_a, set_b, set_c
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

TARGET = Path(__file__).resolve().parent / "values.json"
SEED = 2020  # torch-fidelity's default
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "torch-fidelity", "prdc")
LICENCES = {"torch-fidelity": "Apache-2.0", "prdc": "MIT"}


def frechet_distance(sets: Sets) -> float:
    real, fake = (fid_features_to_statistics(torch.from_numpy(rows)) for rows in sets)
    return fid_statistics_to_metric(real, fake, verbose=False)["frechet_inception_distance"]


def kernel_distance(sets: Sets, subsets: int, size: int) -> dict:
    real, fake = map(torch.from_numpy, sets)
    scores = kid_features_to_metric(
        real, fake, kid_subsets=subsets, kid_subset_size=size, rng_seed=SEED, verbose=False
    )
    return {
        "subsets": subsets,
        "size": size,
        "seed": SEED,
        "mean": scores["kernel_inception_distance_mean"],
        "std": scores["kernel_inception_distance_std"],
    }


def inception_score(splits: int) -> dict:
    scores = isc_features_to_metric(torch.from_numpy(logits()), splits, shuffle=True, rng_seed=SEED)
    return {
        "splits": splits,
        "seed": SEED,
        "mean": scores["inception_score_mean"],
        "std": scores["inception_score_std"],
    }


def precision_recall(sets: Sets, k: int) -> dict:
    real, fake = map(torch.from_numpy, sets)
    scores = prc_features_to_metric(fake, real, prc_neighborhood=k, verbose=False)
    return {"k": k, "precision": scores["precision"], "recall": scores["recall"]}


def prdc(sets: Sets, k: int) -> dict:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints the sizes of the sets
        scores = compute_prdc(*sets, nearest_k=k)
    return {"k": k, **{name: float(value) for name, value in scores.items()}}


def main() -> None:
    a, b = set_a(), set_b()
    values = {
        "made_with": {
            "command": "python tests/support/reference/make.py",
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
            "licences": LICENCES,
        },
        "torch-fidelity": {
            "frechet_distance": {"A": frechet_distance(a), "B": frechet_distance(b)},
            "kernel_distance": {"A": kernel_distance(a, subsets=20, size=500)},
            "inception_score": {"logits": inception_score(splits=10)},
            "precision_recall": {"A": precision_recall(a, k=3)},
        },
        "prdc": {
            "A": prdc(a, k=5),
            "B": prdc(b, k=5),
            "C 2000": prdc(set_c(2000), k=5),
            "C 10000": prdc(set_c(10_000), k=5),
        },
    }
    # Python writes a float with the fewest digits that give it back.
    TARGET.write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    main()
