"""Exercises of notebook 04: least work between histograms, and two other penalties."""

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import agree


@exercise(
    "What must cross the edge to the right of bin i? The mass by which p and q differ at its left.",
    "That is the difference of the two cumulative sums up to bin i, whatever its sign.",
)
def w1_of_histograms(distance):
    """Wasserstein-1 distance of two histograms over the same bins of width 1."""
    from scipy.stats import wasserstein_distance

    uneven = np.array([0.1, 0.4, 0.05, 0.25, 0.2]), np.array([0.3, 0.1, 0.35, 0.05, 0.2])
    pairs = [([1, 0, 0], [0, 0, 1]), ([0.5, 0.5, 0], [0, 0.5, 0.5]), uneven]
    for p, q in [*pairs, uneven[::-1]]:
        positions = range(len(p))
        agree(
            distance(np.array(p), np.array(q)),
            wasserstein_distance(positions, positions, p, q),
            f"w1_of_histograms({list(map(float, p))}, {list(map(float, q))})",
            "SciPy's distance is",
        )


@exercise(
    "With one norm for the batch, what is the norm of B slopes that are all s?",
    "It is √B · s, so the critic minimises −sW + λ(√B · s − 1)² over s.",
    "Set the derivative −W + 2λ√B(√B · s − 1) to 0 and solve for s.",
)
def slope_with_one_norm(slope):
    """Where a linear critic's slope ends whose penalty takes one norm a batch."""
    s = np.linspace(0, 2, 200_001)
    for distance, weight, batch in [(2, 10, 64), (0, 10, 4), (7, 1, 9)]:
        loss = -s * distance + weight * (batch**0.5 * s - 1) ** 2
        agree(
            slope(distance, weight, batch),
            s[loss.argmin()],
            f"slope_with_one_norm({distance}, {weight}, {batch})",
            "of 200,001 slopes the critic's loss is lowest at",
            within=2e-5,
        )


@exercise(
    "`np.maximum(norms - 1, 0)` is what each slope has above 1.",
    "Square it, take the mean over all samples, those below 1 too, and multiply by the weight.",
)
def one_sided(penalty):
    """λ · mean of the squared excess of the slopes over 1."""
    for norms, weight in [([0.5, 1.0, 2.0], 10), ([0.2], 10), ([1.5, 3.0], 2), ([0.0, 4.0], 1)]:
        excess = sum((norm - 1) ** 2 for norm in norms if norm > 1)
        agree(
            penalty(np.array(norms), weight),
            weight * excess / len(norms),
            f"one_sided({norms}, {weight})",
            "adding up sample by sample gives",
        )
