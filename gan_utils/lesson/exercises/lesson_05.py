"""Exercises of notebook 05: a distance without matrices, how many rows it needs, how to cheat."""

from fractions import Fraction

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree


@exercise(
    "In one dimension both covariances are numbers, and the root of their product is σ₁σ₂.",
    "What is left is (μ₁ − μ₂)² + (σ₁ − σ₂)², with `np.mean` and `np.std`.",
    "`np.std` divides by n; `ddof=1` makes it divide by n − 1.",
)
def frechet_1d(distance):
    """Squared Fréchet distance of two samples of numbers."""
    from gan_utils.metrics import frechet_distance

    known = "the formula for Gaussians gives"
    two, five, six = np.array([0.0, 2.0]), np.array([3.0, 5.0]), np.array([0.0, 6.0])
    agree(distance(two, five), 9.0, "frechet_1d([0, 2], [3, 5])", known)
    agree(distance(two, six), 12.0, "frechet_1d([0, 2], [0, 6])", known)
    x, y = np.random.default_rng(3).gamma(2, size=(2, 50))
    matrices = float(frechet_distance(x[:, None], y[:, None], resamples=0))
    call = "frechet_1d of two samples of 50 numbers"
    agree(distance(x, y), matrices, call, "the formula with matrices gives")


@exercise(
    "Chance alone gives 2/n: for which n is gap² equal to factor · 2/n?",
    "For n = 2 · factor / gap²; the rows are a whole number, so round up, as `np.ceil` does.",
)
def smallest_n(count):
    """Rows until the squared gap is `factor` times what chance alone gives."""
    for gap, factor in [("1", 10), ("0.1", 10), ("0.7", 10), ("1.5", 4)]:
        exact = Fraction(gap) ** 2
        n = next(n for n in range(1, 10_000) if exact >= factor * Fraction(2, n))
        call = f"smallest_n({gap}, {factor})"
        agree(count(float(gap), factor), n, call, "trying 1, 2, 3 and so on gives")


@exercise(
    "Precision asks only whether each image is a good one, recall whether every kind occurs.",
    "Real images are good ones. Which of them should be left out, so that most kinds are missing?",
    "Take images of one class only: `images[labels == 0]`.",
)
def cheat(choose):
    """A thousand garments with a high precision and a low recall."""
    from gan_utils.data import load_images
    from gan_utils.judging import Judge
    from gan_utils.metrics import prdc

    training = load_images("fashion_mnist")
    chosen = choose(training.images, training.labels)
    shape, kind = np.shape(chosen), getattr(chosen, "dtype", type(chosen).__name__)
    if shape != (1000, 28, 28, 1) or kind != np.uint8:
        raise NotYet(
            f"cheat gives {kind} of shape {shape}, and not 1,000 images, which are uint8 of shape "
            f"(1000, 28, 28, 1)"
        )
    judge = Judge("fashion_mnist")
    real = judge.features(judge.test.images[:1000])
    scores = prdc(real, judge.features(chosen), groups=0)
    precision, recall = float(scores.precision), float(scores.recall)
    observed = f"the images have a precision of {precision:.2f} and a recall of {recall:.2f}"
    if precision < 0.85:
        raise NotYet(f"{observed}, but a precision of 0.85 or more is wanted")
    if recall > 0.4:
        raise NotYet(f"{observed}, but a recall of 0.4 or less is wanted")
