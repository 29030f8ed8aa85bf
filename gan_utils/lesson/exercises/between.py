"""Critics that note which images they are asked about, and what penalties make of these.

The penalties of lesson 04 take slopes between real and generated images. A test reads from the
noted images where these points lie, and so knows the right answer whatever ε was drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gan_utils.lesson.exercises.answers import NotYet, agree

IMAGES = (48, 4, 3, 2)
STEPS = 8  # draws of ε that are looked at together


class Watched:
    """A critic on images that notes what it is asked about: f(x) = Σ (w x + c x²/2) of an image."""

    def __init__(self, w, c=0.0):
        import tensorflow as tf

        from gan_utils.lesson.exercises.mock_players import MockNetwork

        self.w, self.c, self.seen = np.broadcast_to(w, IMAGES[1:]), c, []

        def heights(x, w, c):
            self.seen.append(x.numpy())
            return tf.reduce_sum(w * x + c * x**2 / 2, axis=[1, 2, 3])[:, None]

        self.network = MockNetwork("critic", heights, [self.w, c], [])

    def slopes(self, x) -> np.ndarray:
        return self.w + self.c * x

    def height(self, x) -> float:
        return float(np.mean(np.sum(self.w * x + self.c * x**2 / 2, axis=(1, 2, 3))))


def asked_between(answer: Callable, watched: Watched, weight: float, step: int = 0):
    """What a reader's function gives for two sets of images; these; and the share ε of each pixel.

    The share is None where no points between the two sets were asked about.
    """
    import tensorflow as tf

    from gan_utils.streams import Draw

    real, fake = np.random.default_rng(step).normal(size=(2, *IMAGES)).astype("float32")
    watched.seen.clear()
    value = answer(watched.network, tf.constant(real), tf.constant(fake), Draw(0, step), weight)
    ends = (real, fake)
    points = [x for x in watched.seen if not any(np.array_equal(x, end) for end in ends)]
    share = (points[-1] - fake) / (real - fake) if points and points[-1].shape == IMAGES else None
    return value, real, fake, share


def check_points(answer: Callable, name: str) -> None:
    """Raise `NotYet` unless one uniform ε an image, from `draw`, lies between the two sets."""
    found, means = [], []
    for step in range(STEPS):
        watched = Watched(1.0)
        _, real, fake, share = asked_between(answer, watched, 1.0, step)
        if share is None:
            raise NotYet(
                f"{name} never asks the critic about points between real and generated images"
            )
        safe = np.abs(real - fake) > 0.05  # where a share can be read off
        spread = [np.ptp(one[mask]) for one, mask in zip(share, safe, strict=True)]
        if max(spread) > 1e-2:
            raise NotYet(
                f"in {name} the pixels of an image have different ε, up to {max(spread):.2f} "
                f"apart: draw one for each image"
            )
        found.append([np.median(one[mask]) for one, mask in zip(share, safe, strict=True)])
        means.append(np.mean(found[-1]))
    shares = np.array(found)
    if np.ptp(shares, axis=1).max() < 1e-3:
        raise NotYet(f"in {name} all images of a batch have the same ε: draw one for each image")
    if shares.min() < -1e-3 or shares.max() > 1.001:
        raise NotYet(
            f"in {name} ε goes from {shares.min():.1f} to {shares.max():.1f}, so points lie beyond "
            f"the ends of their line: ε is uniform from 0 to 1"
        )
    if np.ptp(means) < 1e-6:
        raise NotYet(f"in {name} every step has the same ε: draw them from `draw`")
    if abs(shares.mean() - 0.5) > 0.08 or abs(shares.std() - 12**-0.5) > 0.05:
        raise NotYet(
            f"in {name} ε has mean {shares.mean():.2f} and standard deviation {shares.std():.2f}, "
            f"and uniform ones have 0.50 and 0.29"
        )


def penalties(watched: Watched, real, fake, share, weight: float) -> tuple[float, dict]:
    """The penalty at the points that were asked about, and what usual mistakes give."""
    rows = share.reshape(len(share), -1)
    safe = np.abs(real - fake).reshape(rows.shape) > 0.05
    epsilon = np.array([np.median(row[good]) for row, good in zip(rows, safe, strict=True)])
    slopes = watched.slopes(epsilon[:, None, None, None] * (real - fake) + fake)
    norms = np.sqrt((slopes**2).sum(axis=(1, 2, 3)))
    right = weight * np.mean((norms - 1) ** 2)

    def off(lengths):
        return weight * np.mean((lengths - 1) ** 2)

    return right, {
        "the slope is taken in the generated images, and not in the points between": off(
            (1 - epsilon) * norms
        ),
        "the slope is taken in the real images, and not in the points between": off(
            epsilon * norms
        ),
        "the norm is taken along one axis: an image has three": off(
            np.sqrt((slopes**2).sum(axis=1))
        ),
        "the norm is taken over the colours only: an image has three axes": off(
            np.sqrt((slopes**2).sum(axis=3))
        ),
        "one norm is taken for the whole batch": off(np.sqrt((slopes**2).sum())),
        "the squares of an image are averaged: add them up": off(
            np.sqrt((slopes**2).mean(axis=(1, 2, 3)))
        ),
        "the slope of the mean height is taken: a slope is one image's own": off(
            norms / len(norms)
        ),
        "the root is missing: these are squares of lengths": off(norms**2),
        "the weight is missing": right / weight,
        "the images are added up: take their mean": right * len(norms),
        "slopes below 1 cost nothing in it": weight * np.mean(np.maximum(norms - 1, 0) ** 2),
        "the deviations from 1 are not squared": weight * np.mean(np.abs(norms - 1)),
    }


def check_flat(answer: Callable, name: str) -> None:
    """Raise `NotYet` unless the slope in the critic's weights is finite for a flat critic."""
    import tensorflow as tf

    watched = Watched(0.0)
    with tf.GradientTape() as tape:
        value, *_ = asked_between(answer, watched, 10.0)
    slopes = tape.gradient(tf.convert_to_tensor(value), watched.network.trainable_variables)
    if slopes[0] is None:
        raise NotYet("the critic cannot learn from it: no tensor leads from its weights to it")
    if not np.isfinite(slopes[0]).all():
        raise NotYet(
            f"for a critic that is flat {name} has a slope that is no number: a small number "
            f"belongs inside the root"
        )
    agree(value, 10, f"{name} of a flat critic, with weight 10,", "10 · (0 − 1)² is", 1e-2)
