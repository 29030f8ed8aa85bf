"""Exercises of notebook 05: four scores, a score that takes the wrong axis, and a cheat."""

from itertools import combinations

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair, shown
from gan_utils.lesson.exercises.comparing import compare


@exercise(
    "Take means with `x.mean(axis=0)` and covariances with `np.cov(x, rowvar=False)`. Which part "
    "of the formula is left?",
    "Left is the trace of the root of `cov_x @ cov_y`. A trace is the sum of the eigenvalues, and "
    "the eigenvalues of the root are the roots of those of the product.",
    "`np.linalg.eigvals(cov_x @ cov_y)` gives them. Rounding may leave imaginary parts, or values "
    "a little below 0: take `.real`, then `np.maximum(…, 0)`, the root, and the sum.",
)
def frechet(distance):
    """The squared Fréchet distance of two clouds: closed forms, SciPy's root, few rows."""
    import scipy.linalg

    rng = np.random.default_rng(3)
    # Diagonal covariances: each direction is a Gaussian in one dimension.
    gap, one, other = np.array([3.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, 5.0])
    x, y = _cloud(rng, 40, one), _cloud(rng, 60, other) + gap
    call = "frechet of N(0, 1) × N(0, 4) and of N(3, 4) × N(0, 25)"
    because = "in each direction it is (μ₁ − μ₂)² + (σ₁ − σ₂)², together"
    _compare_distances(distance(x, y), 19, x, y, call, because)
    # Turned by the same angle, they stay as far from each other, and no covariance is diagonal.
    turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    x, y, because = x @ turn, y @ turn, "a turn of both changes nothing, and in closed form it is"
    _compare_distances(distance(x, y), 19, x, y, "frechet of both, turned", because)
    x, y = rng.gamma(2, size=(50, 4)) @ rng.normal(size=(4, 4)), rng.gamma(1, size=(70, 4))
    covs = [np.cov(rows, rowvar=False) for rows in (x, y)]
    root = scipy.linalg.sqrtm(covs[0] @ covs[1]).real
    right = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(covs[0] + covs[1] - 2 * root)
    call = "frechet of 50 and 70 rows of four numbers"
    _compare_distances(distance(x, y), right, x, y, call, "with scipy.linalg.sqrtm it is")
    # Fewer rows than columns: the covariances are singular, and the product has eigenvalues of 0.
    rows = rng.normal(size=(4, 6))
    call = "frechet of 4 rows of six numbers and the same rows, each number 2 larger,"
    agree(distance(rows, rows + 2), 24.0, call, "only the means differ, and it is", 1e-3)


def _cloud(rng, count: int, spread: np.ndarray) -> np.ndarray:
    """Rows whose mean is 0 and whose covariance is diagonal, exactly: the squares of `spread`."""
    rows = rng.normal(size=(count, len(spread)))
    rows -= rows.mean(axis=0)
    return rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows, rowvar=False)).T) * spread


def _compare_distances(found, right: float, x, y, call: str, because: str) -> None:
    """Raise `NotYet` unless a distance is right, in words for a usual mistake."""
    value = number(found, call)
    covs = [np.cov(rows, rowvar=False) for rows in (x, y)]
    product = covs[0] @ covs[1]
    far, spread = np.sum((x.mean(0) - y.mean(0)) ** 2), np.trace(covs[0] + covs[1])
    root = np.sqrt(np.maximum(np.linalg.eigvals(product).real, 0)).sum()
    shrunk = [(len(rows) - 1) / len(rows) for rows in (x, y)]
    of_n = np.trace(shrunk[0] * covs[0] + shrunk[1] * covs[1]) - 2 * np.sqrt(np.prod(shrunk)) * root
    compare(
        value, right, call, because,
        {
            "this is its root: the squared distance is asked for": np.sqrt(right),
            "the means are missing": right - far,
            "only the means are compared": far,
            "the root is taken twice, and subtracted once": far + spread - root,
            "the root of each entry is not the root of the matrix":
                far + spread - 2 * np.trace(np.sqrt(np.abs(product))),
            "the eigenvalues of the product are added up without their roots":
                far + spread - 2 * np.trace(product),
            "the covariances divide by n: n − 1 is asked for, as `np.cov` has it": far + of_n,
        },
        1e-6,
    )  # fmt: skip


@exercise(
    "The table `k(x, x)` holds all pairs. Which of its entries compare a row with itself, and how "
    "many are left without them?",
    "Those on the diagonal do: `table.sum() - np.trace(table)` leaves them out, and of n² entries "
    "n · (n − 1) are left.",
    "Do so for x and for y. The table `k(x, y)` has no such entries, so its plain mean is taken, "
    "twice, and subtracted.",
)
def unbiased_kernel(distance):
    """The kernel distance: pair by pair, of unequal sizes, and 0 on average over all halves."""
    rng = np.random.default_rng(4)

    def likeness(a, b) -> float:
        return (float(np.dot(a, b)) / len(a) + 1) ** 3

    for x, y, call in (
        (rng.normal(size=(3, 2)), rng.normal(1, 1, size=(5, 2)), "3 and 5 rows of two numbers"),
        (rng.normal(size=(8, 5)), rng.normal(0, 2, size=(8, 5)), "8 and 8 rows of five numbers"),
    ):
        call = f"unbiased_kernel of {call}"
        inside = [[likeness(a, b) for a, b in combinations(rows, 2)] for rows in (x, y)]
        across = np.mean([[likeness(a, b) for b in y] for a in x])
        own = [np.mean([likeness(a, a) for a in rows]) for rows in (x, y)]
        means = [np.mean(likenesses) for likenesses in inside]
        full = [m + (o - m) / len(r) for m, o, r in zip(means, own, (x, y), strict=True)]
        right = sum(means) - 2 * across
        part = sum(m * (1 - 1 / len(rows)) for m, rows in zip(means, (x, y), strict=True))
        compare(
            number(distance(x, y), call), right, call, "pair by pair it is",
            {
                "rows are compared with themselves: this one is not unbiased":
                    sum(full) - 2 * across,
                "the pairs are divided by n², though n of them are left out": part - 2 * across,
                "what is across counts twice, and is subtracted once": sum(means) - across,
                "its sign is the other one": -right,
            },
            1e-6,
        )  # fmt: skip
    points = np.array([[-2.0], [-1.5], [0.0], [0.3], [1.0], [2.5]])
    halves = [
        number(distance(points[list(one)], np.delete(points, one, axis=0)), "unbiased_kernel")
        for one in combinations(range(6), 3)
    ]
    call = "unbiased_kernel, as the mean of all 20 ways to cut six points into halves,"
    agree(np.mean(halves), 0.0, call, "a score without bias gives", 1e-9)


@exercise(
    "Print the shape of the probabilities, and add them up image by image. What should come out?",
    "The probabilities of one image add up to 1. So the softmax runs over the classes, which are "
    "the last axis, and the mean image by image over the first.",
    "`axis=0` in the softmax has to become `axis=1`, with `keepdims=True`, in the maximum as in "
    "the sum.",
)
def score_of_logits(score):
    """The inception score from logits: by two entropies, in closed form, and of huge logits."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, size=(60, 4)) + rng.normal(0, 3, size=(60, 1))
    call = "score_of_logits of 60 images and four classes"
    rows, columns = _softmax(logits, 1), _softmax(logits, 0)
    mean = rows.mean(axis=0)
    exponent = _entropy(mean) - _entropy(rows).mean()
    reverse = (mean * np.log(mean / rows)).sum(axis=1).mean()
    compare(
        number(score(logits), call), np.exp(exponent), call,
        "exp(entropy of the mean − mean of the entropies) is",
        {
            "the softmax runs over the images":
                np.exp((columns * np.log(columns / columns.mean(axis=0))).sum(axis=1).mean()),
            "the exponential is missing": exponent,
            "the two distributions have changed places": np.exp(reverse),
            "the divergences are added up over all images": np.exp(min(60 * exponent, 700)),
        },
    )  # fmt: skip
    for kinds in (1, 3, 5):
        sure = 2000 * np.eye(5)[np.arange(30) % kinds] - 1000
        call = f"score_of_logits of 30 images, sure with logits of ±1000, of {kinds} kinds"
        agree(score(sure), kinds, call, "sure of each and even over the kinds, it is", 1e-4)
    agree(score(np.full((7, 3), 4.0)), 1.0, "score_of_logits of equal logits", "it is", 1e-6)


def _softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _entropy(rows: np.ndarray) -> np.ndarray:
    return -(rows * np.log(np.maximum(rows, 1e-300))).sum(axis=-1)


# The points that the lesson draws, and others on which usual mistakes give other counts.
REAL_FIVE = np.array([[0, -1], [2, 0], [0, 0.5], [-2, 1], [-0.5, -0.5]])
FAKE_FIVE = np.array([[1, 1.5], [1.5, -1], [0.5, 0.5], [-1, -1.5], [1.5, -0.5]])


@exercise(
    "Begin with the radii: the distances of each real row to all real rows, sorted. Its own, 0, "
    "stands first; which one is the k-th neighbour's?",
    "`np.sort(distances, axis=1)[:, k]` is. A generated row counts for precision if it lies nearer "
    "to some real row than that row's radius: `(across < radii[:, None]).any(axis=0)`.",
    "Recall is the same with the roles exchanged: radii around generated rows, and the share of "
    "real rows inside. So one function serves for both.",
)
def precision_recall(scores):
    """Precision and recall: the lesson's five points, a line counted by hand, and random rows."""
    call = "precision_recall of the five points with k = 1"
    _compare_shares(scores(REAL_FIVE, FAKE_FIVE, 1), REAL_FIVE, FAKE_FIVE, 1, call)
    line = np.array([0.0, 1.0, 2.1, 10.0])[:, None], np.array([0.4, 5.0, 5.5])[:, None]
    call = "precision_recall of 0, 1, 2.1, 10 and of 0.4, 5, 5.5 on a line with k = 1"
    _compare_shares(scores(*line, 1), *line, 1, call)
    rng = np.random.default_rng(6)
    for k, counts in ((1, (30, 30)), (3, (25, 40))):
        real, fake = rng.normal(size=(counts[0], 2)), rng.normal(1, 0.7, size=(counts[1], 2))
        call = f"precision_recall of {counts[0]} real and {counts[1]} generated rows with k = {k}"
        _compare_shares(scores(real, fake, k), real, fake, k, call)


def _ball_shares(real, fake, k: int, own: int = 0) -> tuple[float, float]:
    """Precision and recall, ball by ball. own: 1 counts a row as its own first neighbour."""

    def share(centres, rows):
        inside = np.zeros(len(rows), bool)
        for centre in centres:
            radius = sorted(np.linalg.norm(centres - centre, axis=1))[k - own]
            inside |= np.linalg.norm(rows - centre, axis=1) < radius
        return inside.mean()

    return share(real, fake), share(fake, real)


def _compare_shares(returned, real, fake, k: int, call: str) -> None:
    found = pair(returned, call)
    precision, recall = right = _ball_shares(real, fake, k)
    across = np.linalg.norm(real[:, None] - fake, axis=2)
    radii = [
        np.array([sorted(np.linalg.norm(rows - row, axis=1))[k] for row in rows])
        for rows in (real, fake)
    ]
    nearest = (
        np.mean(across.min(axis=0) < radii[0][across.argmin(axis=0)]),
        np.mean(across.min(axis=1) < radii[1][across.argmin(axis=1)]),
    )
    covered = np.mean((across < radii[0][:, None]).any(axis=1))
    mistakes = {
        "precision comes first, and then recall": (recall, precision),
        "a row counts as its own first neighbour: take one neighbour more":
            _ball_shares(real, fake, k, own=1),
        "only the ball of the nearest row is looked into": nearest,
        "the second is the share of real balls that hold something, which is coverage":
            (precision, covered),
    }  # fmt: skip
    for words, wrong in mistakes.items():
        if not np.allclose(wrong, right) and np.allclose(found, wrong, atol=1e-9):
            raise NotYet(f"{call} gives {shown(found[0])} and {shown(found[1])}: {words}")
    for value, share, name in zip(found, right, ("precision", "recall"), strict=True):
        agree(value, share, f"the {name} of {call}", "counting ball by ball gives", 1e-9)


@exercise(
    "For each sample, and for each held-out image, find the distance to the nearest training "
    "image. Images are uint8: what is 3 − 5 in uint8?",
    "It is 254, so make them float first. Then you have two lists of distances, and all pairs of "
    "one with the other: `nearest_sample[:, None] < nearest_heldout`.",
    "The share is the mean of that table of pairs, and half the mean of "
    "`nearest_sample[:, None] == nearest_heldout` is added for ties.",
)
def closer_share(share):
    """The share of pairs in which the sample lies closer to the training set; ties count half."""
    # Images of 1×2 pixels. The first training image is far from all others.
    training = _images([[0, 0], [100, 100], [200, 180]])
    samples = _images([[100, 103], [0, 4], [190, 180]])
    heldout = _images([[6, 0], [100, 95], [100, 104], [20, 0]])
    call = "closer_share of 3 samples and 4 held-out images"
    _compare_pairs(share(samples, heldout, training), samples, heldout, training, call)
    copies = training[[0, 2]]
    because = "both samples are copies, in all pairs closer, so it is"
    agree(share(copies, heldout, training), 1.0, "closer_share of two copies", because, 1e-9)
    rng = np.random.default_rng(7)
    training, samples, heldout = (
        rng.integers(0, 256, size=(count, 4, 4, 1), dtype=np.uint8) for count in (30, 20, 25)
    )
    call = "closer_share of 20 samples and 25 held-out images of 4×4 pixels"
    _compare_pairs(share(samples, heldout, training), samples, heldout, training, call)
    heldout = samples[:10]
    call = "closer_share of 20 samples, of which ten are the held-out images, too,"
    _compare_pairs(share(samples, heldout, training), samples, heldout, training, call)


def _images(pixels) -> np.ndarray:
    return np.array(pixels, np.uint8).reshape(len(pixels), 1, 2, 1)


def _compare_pairs(returned, samples, heldout, training, call: str) -> None:
    value = number(returned, call)
    known = training.reshape(len(training), -1)

    def distances(images, off):
        rows = images.reshape(len(images), -1)[:, None]
        return np.sqrt((off(rows, known) ** 2).sum(axis=2, dtype=float))

    def counted(off, tied: float = 0.5, reduce=np.min) -> float:
        near, far = (reduce(distances(one, off), axis=1) for one in (samples, heldout))
        return np.mean(near[:, None] < far) + tied * np.mean(near[:, None] == far)

    def plain(a, b):
        return a.astype(float) - b

    right = counted(plain)
    wraps = "{} of two uint8 numbers wraps around: make them float first"
    mistakes = {
        "the pairs are counted in which the held-out image is closer": 1 - right,
        wraps.format("the difference"): counted(lambda a, b: (b - a).astype(float)),
        wraps.format("a difference"): counted(lambda a, b: (a - b).astype(float)),
        wraps.format("the square of the difference"): counted(lambda a, b: a - b),
        "the distance to all training images is averaged: the nearest one is asked for":
            counted(plain, reduce=np.mean),
        "ties count nothing: they count one half": counted(plain, 0),
        "ties count in full: they count one half": counted(plain, 1),
    }  # fmt: skip
    others = {words: wrong for words, wrong in mistakes.items() if abs(wrong - right) > 1e-9}
    compare(value, right, call, "counting pair by pair gives", others, 1e-9)


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
