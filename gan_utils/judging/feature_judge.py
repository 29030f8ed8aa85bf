"""Fréchet distances between images, by the features of whatever looks at them."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Protocol

import keras
import numpy as np

from gan_utils.data import resize, unscale
from gan_utils.errors import DataError
from gan_utils.metrics import Score, frechet_distance
from gan_utils.metrics.score import check_count

COUNT = 2000  # samples that are drawn from a generator
RESAMPLES = 100  # behind the interval of a Fréchet distance
KEPT = 4  # sets of images whose features and probabilities are remembered


class Eyes(Protocol):
    """What looks at images: an `Evaluator`, or a learner of `judging.own`."""

    shape: tuple[int, int, int]

    def features_and_probabilities(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 images (n, *shape) → features (n, features) and probabilities (n, classes)."""


class FeatureJudge:
    """Compares samples with real images, by the features of what looks at both.

    evaluator: what looks at them.
    real: the real images, uint8 (n, height, width, 1 or 3).

    Every method takes `samples`, which are uint8 images (n, height, width, 1 or 3) of any size, or
    a game with `sample(count, seed)` and `image_range`, such as a `GAN`, from which `count` samples
    of `seed` are drawn. The evaluator's answers for the last few sets of images
    are kept, so asking for several scores of the same images runs the evaluator once.

    Raises `DataError` for samples that are neither.
    """

    def __init__(self, evaluator: Eyes, real: np.ndarray) -> None:
        self.evaluator = evaluator
        self._answers: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}
        self.real = self.images(real)

    # --- real images ------------------------------------------------------------------------------

    @cached_property
    def real_features(self) -> np.ndarray:
        """Features of the real images, float32 (n, features); computed when first needed."""
        return self.features(self.real)

    def floor(self, count: int = COUNT, seed: int = 0, resamples: int = RESAMPLES) -> Score:
        """The Fréchet distance of `count` of the real images, or at most half, to the others.

        No generator can be expected to come below it. `seed` chooses the images; the score's `n`
        says how many they are. Raises `ParameterError` for a count below 2.
        """
        check_count("count", count, 2)
        order = np.random.default_rng(seed).permutation(len(self.real))
        part = min(count, len(order) // 2)
        features = self.real_features[order]
        return frechet_distance(features[part:], features[:part], resamples)

    # --- scores of samples ------------------------------------------------------------------------

    def fd(
        self, samples, *, count: int = COUNT, seed: int = 0, resamples: int = RESAMPLES
    ) -> Score:
        """The Fréchet distance between the features of the real images and of the samples.

        resamples: as in `metrics.frechet_distance`, 0 for no interval and a fraction of the time.
        """
        features = self.features(samples, count=count, seed=seed)
        return frechet_distance(self.real_features, features, resamples)

    # --- what the evaluator says ------------------------------------------------------------------

    def features(self, samples, *, count: int = COUNT, seed: int = 0) -> np.ndarray:
        """The evaluator's features, float32 (n, features); read-only."""
        return self.features_and_probabilities(samples, count=count, seed=seed)[0]

    def probabilities(self, samples, *, count: int = COUNT, seed: int = 0) -> np.ndarray:
        """The evaluator's probability of each class, float32 (n, classes); read-only."""
        return self.features_and_probabilities(samples, count=count, seed=seed)[1]

    def features_and_probabilities(
        self, samples, *, count: int = COUNT, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both of the above."""
        images = self.images(samples, count=count, seed=seed)
        key = hashlib.sha256(np.ascontiguousarray(images)).digest()
        if key not in self._answers:
            answers = self.evaluator.features_and_probabilities(images)
            for array in answers:
                array.flags.writeable = False  # it will be given again
            if len(self._answers) == KEPT:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = answers
        return self._answers[key]

    def images(self, samples, *, count: int = COUNT, seed: int = 0) -> np.ndarray:
        """The samples as the evaluator sees them: uint8 (n, *shape)."""
        if hasattr(samples, "sample") and hasattr(samples, "image_range"):
            samples = unscale(samples.sample(count, seed), *samples.image_range)
        elif isinstance(samples, keras.Model):
            raise DataError(
                f"The samples are a {type(samples).__name__}, from which the judge cannot draw; "
                "give images of it, which gan_utils.judging.images_of makes of a generator."
            )
        images = np.asarray(samples)
        shaped = images.ndim == 4 and images.shape[3] in (1, 3) and images.size
        if images.dtype != np.uint8 or not shaped:
            raise DataError(
                f"The samples are {images.dtype} of shape {images.shape}; give uint8 images of "
                "shape (n, height, width, 1 or 3), which gan_utils.data.unscale makes, or a GAN."
            )
        height, _, channels = self.evaluator.shape
        return resize(images, height, channels)
