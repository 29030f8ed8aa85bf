"""A small classifier that is trained on given images, to see what can be learned from them."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_utils.errors import DataError
from gan_utils.judging.evaluators import SHAPE
from gan_utils.metrics.arrays import as_labels

BATCH = 64


def build_learner(classes: int = 10, shape: tuple[int, int, int] = SHAPE) -> keras.Model:
    """uint8 images (n, *shape) → logits (n, classes), through two convolutions.

    The layer before the logits has 64 features, 0 or more.
    """
    stack = [
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(64, activation="relu"),
        layers.Dense(classes),
    ]
    return keras.Sequential([keras.Input(shape), *stack], name="learner")


def trained_learner(
    images: np.ndarray,
    labels: np.ndarray,
    class_weight: dict[int, float] | None = None,
    steps: int = 1200,
    seed: int = 0,
    classes: int = 10,
) -> keras.Model:
    """A new `build_learner`, trained for `steps` batches of 64 images by Adam.

    images: uint8 (n, height, width, channels). labels: whole numbers from 0 to classes − 1,
        (n,).
    class_weight: how much an image of each class counts in the loss, as in Keras' `fit`.
    seed: of weights, batches and dropout; set for the whole process.

    However many images there are, the steps are as many, so that trainings on sets of different
    size cost the same. Raises `DataError` for images and labels that do not fit.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4:
        raise DataError(
            f"The images are {images.dtype} of shape {images.shape}; give uint8 images "
            f"(n, height, width, channels)."
        )
    labels = as_labels(labels, "labels", classes)
    if len(labels) != len(images):
        raise DataError(f"There are {len(images)} images and {len(labels)} labels; give one each.")
    keras.utils.set_random_seed(seed)
    model = build_learner(classes, images.shape[1:])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    rows = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = rows.shuffle(len(images), seed=seed).repeat().batch(BATCH)
    model.fit(batches, steps_per_epoch=steps, class_weight=class_weight, shuffle=False, verbose=0)
    return model


def named(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The class that a learner sees in each image, whole numbers (n,)."""
    return model.predict(images, batch_size=500, verbose=0).argmax(axis=1)
