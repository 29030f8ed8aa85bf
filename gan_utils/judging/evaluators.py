"""The evaluators: bundled classifiers of digits and of garments, by which samples are scored.

data/train_evaluators.py trained them and measured their accuracy on test images; the figures stand
in data/README.md and in the provenance (.json) beside each file of weights.
"""

import random
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_utils.data.bundle import data_dir, read_json, read_verified
from gan_utils.errors import DataError
from gan_utils.fast.precision import in_precision

SHAPE = (28, 28, 1)
BATCH = 500


def _normalised(x, filters: int, strides: int = 1):
    x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def _convolutional(x):
    """Four convolutions and a dense layer; 214,122 parameters with the logits."""
    for filters in (32, 64, 96):
        x = layers.MaxPooling2D()(layers.ReLU()(_normalised(x, filters)))
    x = layers.ReLU()(_normalised(x, 96))
    return layers.Dense(64, activation="relu", name="features")(
        layers.Dropout(0.3)(layers.Flatten()(x))
    )


def _residual(x):
    """Four residual blocks (He et al. 2016) and a mean over all pixels; 187,178 parameters."""
    x = layers.ReLU()(_normalised(x, 32, strides=2))
    for filters, strides in ((32, 1), (32, 1), (64, 2), (64, 1)):
        short = x if filters == x.shape[-1] else _normalised(x, filters, strides)
        x = _normalised(layers.ReLU()(_normalised(x, filters, strides)), filters)
        x = layers.ReLU()(layers.Add()([x, short]))
    return layers.GlobalAveragePooling2D(name="features")(x)


class Kind(NamedTuple):
    """The data set that an evaluator was trained on, and what makes its features of images."""

    data: str
    features: Callable


# No recipe of the course was chosen by the last one: it checks what the one above it says.
NAMES = {
    "mnist": Kind("mnist", _convolutional),
    "fashion_mnist": Kind("fashion_mnist", _convolutional),
    "fashion_mnist_residual": Kind("fashion_mnist", _residual),
}


def build_classifier(name: str) -> keras.Model:
    """Images float32 (n, 28, 28, 1) from 0 to 255 -> features (n, 64), 0 or more; logits (n, 10).

    The features are the layer before the logits.
    """
    inputs = keras.Input(SHAPE, name="images")
    images = layers.Rescaling(1 / 255)(inputs)
    features = NAMES[name].features(images)
    logits = layers.Dense(10, name="logits")(features)
    return keras.Model(inputs, [features, logits], name=name)


class Evaluator:
    """A trained classifier of 28 x 28 images into ten classes.

    name: one of `NAMES`, which says on which data set it was trained.

    All methods take uint8 images (n, 28, 28, 1) from 0 to 255 and raise `DataError` on others.
    """

    shape = SHAPE

    def __init__(self, name: str, model: keras.Model) -> None:
        self.name = name

        @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.uint8)])
        def classify(images):
            features, logits = model(tf.cast(images, tf.float32), training=False)
            return features, tf.nn.softmax(logits)

        self._classify = classify

    def features_and_probabilities(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and probabilities from one pass over the images."""
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.shape[1:] != SHAPE or not len(images):
            raise DataError(
                f"The {self.name} evaluator was given {images.dtype} of shape {images.shape}; "
                "give uint8 images of shape (n, 28, 28, 1), which gan_utils.data.unscale makes."
            )
        # Both data sets have black backgrounds. Nothing darker than the middle grey, which is
        # then frequent, is what 0 becomes when [0, 1] is taken for [-1, 1].
        darkest = images.min()
        frequent = darkest in (127, 128) and np.mean(images == darkest) > 0.1
        if frequent and images.max() > 192:
            raise DataError(
                f"The images given to the {self.name} evaluator have no pixel darker than "
                f"{darkest}, as if made from the range [0, 1]; unscale them with low=0, high=1."
            )
        parts = [self._classify(images[i : i + BATCH]) for i in range(0, len(images), BATCH)]
        features, probabilities = zip(*parts, strict=True)
        return np.concatenate(features), np.concatenate(probabilities)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Activations of the layer before the logits, float32 (n, 64), 0 or more."""
        return self.features_and_probabilities(images)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probability of each class, float32 (n, 10); every row sums to 1."""
        return self.features_and_probabilities(images)[1]


@cache
def evaluator(name: str) -> Evaluator:
    """The evaluator of this name in `NAMES`; loaded once, then the same object again."""
    if name not in NAMES:
        raise DataError(f"There is no evaluator {name!r}; choose one of {', '.join(NAMES)}.")
    folder = data_dir() / "evaluators"
    path = folder / f"{name}.keras"
    read_verified(path, read_json(folder / f"{name}.json")["sha256"])
    # New layers draw their seeds from Python's generator, and so would take them from the networks
    # that a lesson builds afterwards.
    state = random.getstate()
    with in_precision("float32"):  # whatever the samples were trained in
        model = build_classifier(name)
    random.setstate(state)
    # Weights alone: no object is made from the file, and other Keras versions can read them too.
    model.load_weights(path)
    return Evaluator(name, model)
