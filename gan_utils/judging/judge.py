"""The judge of a lesson: samples in, and Fréchet distance, classes and accuracy out."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_utils.data import ImageSet, load_images, unscale
from gan_utils.errors import DataError, ParameterError
from gan_utils.judging.evaluators import NAMES, evaluator
from gan_utils.judging.feature_judge import COUNT, FeatureJudge
from gan_utils.metrics import (
    Score,
    accuracy,
    class_coverage,
    class_histogram,
    frechet_distance,
)
from gan_utils.metrics.arrays import as_labels
from gan_utils.metrics.score import check_count
from gan_utils.streams import latent_vectors

PART = 500  # images that a generator makes at a time


class Judge(FeatureJudge):
    """Scores samples by an evaluator, beside real images, also by their classes.

    name: of the evaluator in `evaluators.NAMES`, as a rule that of its data set.
    source: of the test images, "bundled" or "full", as in `load_images`.
    real: the real images that samples are compared with, uint8 (n, height, width, 1 or 3); the test
        images where none are given.

    Raises `DataError` for an unknown name or source, and for samples that are no images.
    """

    def __init__(self, name: str, source: str = "bundled", real: np.ndarray | None = None) -> None:
        eyes = evaluator(name)
        self.test: ImageSet = load_images(NAMES[name].data, "test", source)
        super().__init__(eyes, self.test.images if real is None else real)

    def coverage(self, samples, *, count: int = COUNT, seed: int = 0) -> Score:
        """How many of the ten classes have at least 1 % of the samples, 0 to 10."""
        return class_coverage(self.probabilities(samples, count=count, seed=seed))

    def histogram(self, samples, *, count: int = COUNT, seed: int = 0) -> np.ndarray:
        """How many samples the evaluator takes for each class, int64 (10,)."""
        return class_histogram(self.probabilities(samples, count=count, seed=seed))

    def accuracy(self, samples, labels, *, count: int = COUNT, seed: int = 0) -> Score:
        """The share of samples that the evaluator takes for their label, 0 to 1.

        labels: whole numbers from 0 to 9, shape (n,), one for each sample.
        """
        return accuracy(self.probabilities(samples, count=count, seed=seed), labels)

    def class_fds(self, images: np.ndarray, labels) -> np.ndarray:
        """The Fréchet distance inside each class, float64 (10,): real against given images of it.

        labels: the class of each image, whole numbers from 0 to 9, shape (n,). Their mean is the
        intra-class distance of Miyato and Koyama (2018, section 4). Raises `DataError` for a class
        with fewer than two images, and for a judge that was given its own real images, whose
        classes it does not know.
        """
        if len(self.real) != len(self.test):
            raise DataError(
                "The judge compares with images whose classes it does not know; make one without "
                "`real` for distances inside the classes."
            )
        features = self.features(images)
        truth = as_labels(labels, "labels", len(self.test.class_names))
        if len(truth) != len(features):
            raise DataError(
                f"There are {len(features)} images and {len(truth)} labels; give one each."
            )
        counts = np.bincount(truth, minlength=len(self.test.class_names))
        if counts.min() < 2:
            raise DataError(
                f"Class {counts.argmin()} has {counts.min()} of the images; give at least two of "
                "each class."
            )
        return np.array(
            [
                float(
                    frechet_distance(
                        self.real_features[self.test.labels == label],
                        features[truth == label],
                        resamples=0,
                    )
                )
                for label in range(len(counts))
            ]
        )

    def class_floors(self, seed: int = 0) -> np.ndarray:
        """The same of real images, float64 (10,): half of each class's test images to the others.

        No generator can be expected to come below them. `seed` chooses the halves.
        """
        rng = np.random.default_rng(seed)
        features = self.features(self.test.images)
        distances = []
        for label in range(len(self.test.class_names)):
            rows = rng.permutation(np.flatnonzero(self.test.labels == label))
            one, other = np.array_split(features[rows], 2)
            distances.append(float(frechet_distance(one, other, resamples=0)))
        return np.array(distances)


def images_of(
    generator: keras.Model,
    count: int = COUNT,
    seed: int = 0,
    image_range: tuple[float, float] = (-1.0, 1.0),
) -> np.ndarray:
    """Images of a bare generator from N(0, 1), uint8 (count, height, width, channels).

    generator: latent vectors (n, latent_dim) → images in `image_range`.
    seed: of the latent vectors, which are those that `GAN.sample` draws from the same seed.

    Raises `ParameterError` for a generator that reads something else, and for a count below 1.
    """
    check_count("count", count, 1)
    reads = tuple(generator.input_shape)
    if len(reads) != 2:
        raise ParameterError(
            f"the generator reads inputs of shape {reads}: give one that reads latent vectors, "
            f"(batch, latent_dim)."
        )
    z = latent_vectors(count, reads[1], seed)
    parts = [generator(z[i : i + PART], training=False) for i in range(0, count, PART)]
    return unscale(np.concatenate([tf.cast(part, tf.float32) for part in parts]), *image_range)
