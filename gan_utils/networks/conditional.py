"""The course's networks that know a class: they read it as a row of weights, one a class.

A one-hot row is a class; what lies between two rows lies between two classes. Lesson 06 shows and
compares them.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from gan_utils.fast.layers import UpsampledConv2D
from gan_utils.networks.minibatch import MinibatchStdDev
from gan_utils.networks.stacks import doublings_to, drawing_filters, seeing_filters

LATENT_DIM = 64
IMAGE = (28, 28, 1)


def conditional_generator(classes: int = 10, size: int = 28, channels: int = 1) -> keras.Model:
    """Latent vectors (n, 64) and rows of classes (n, classes) → images in [−1, 1].

    size, channels: images are (n, size, size, channels); sizes as in `swift_generator`.

    The class comes in once, beside z: a dense layer without bias has one row of weights a class,
    which is what an embedding is (Mirza and Osindero 2014, section 3.2, in the course's widths).
    """
    z, asked = keras.Input((LATENT_DIM,)), keras.Input((classes,))
    embedded = layers.Dense(32, use_bias=False, name="embedding")(asked)
    x = layers.Concatenate()([z, embedded])
    first, doublings = doublings_to(size)
    for units in (256, first * first * 64):
        x = layers.LeakyReLU(0.2)(layers.Dense(units)(x))
    x = layers.Reshape((first, first, 64))(x)
    for filters in drawing_filters(doublings):
        x = layers.LeakyReLU(0.2)(UpsampledConv2D(filters)(x))
    images = layers.Conv2D(channels, 3, padding="same", activation="tanh")(x)
    return keras.Model([z, asked], images, name="generator")


@keras.saving.register_keras_serializable("gan_utils")
class ClassNorm(layers.Layer):
    """Batch normalisation whose scale and shift belong to the class.

    Features (n, …, channels) and rows of classes (n, classes) → the features, each channel brought
    to mean 0 and variance 1 over the batch, then times 1 + γ(class) plus β(class) (Dumoulin et al.
    2017, equation 5, with the batch's statistics as in Miyato and Koyama 2018).
    """

    def build(self, shapes):
        channels = shapes[0][-1]
        self.norm = layers.BatchNormalization(center=False, scale=False, momentum=0.9)
        self.gamma = layers.Dense(channels, use_bias=False, kernel_initializer="zeros")
        self.beta = layers.Dense(channels, use_bias=False, kernel_initializer="zeros")
        self.norm.build(shapes[0])
        self.gamma.build(shapes[1])
        self.beta.build(shapes[1])

    def call(self, inputs, training=False):
        features, asked = inputs
        ones = [1] * (len(features.shape) - 2)
        gamma, beta = (
            ops.reshape(part(asked), (-1, *ones, features.shape[-1]))
            for part in (self.gamma, self.beta)
        )
        return self.norm(features, training=training) * (1 + gamma) + beta

    def compute_output_shape(self, shapes):
        return shapes[0]


def class_norm_generator(classes: int = 10) -> keras.Model:
    """The same generator, but the class comes in at every layer and only as a scale and a shift."""
    z, asked = keras.Input((LATENT_DIM,)), keras.Input((classes,))
    x = z
    for units in (256, 7 * 7 * 64):
        x = layers.LeakyReLU(0.2)(ClassNorm()([layers.Dense(units)(x), asked]))
    x = layers.Reshape((7, 7, 64))(x)
    for filters in (32, 16):
        x = layers.LeakyReLU(0.2)(ClassNorm()([UpsampledConv2D(filters)(x), asked]))
    images = layers.Conv2D(1, 3, padding="same", activation="tanh")(x)
    return keras.Model([z, asked], images, name="generator")


def features(x) -> keras.KerasTensor:
    """What a discriminator sees in images (n, size, size, channels): 128 numbers each.

    Strided convolutions down to 4 × 4 pixels, deviations over groups of images, a dense layer.
    """
    for filters in seeing_filters(doublings_to(x.shape[1])[1]):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 4, strides=2, padding="same")(x))
    x = layers.Flatten()(MinibatchStdDev()(x))
    return layers.LeakyReLU(0.2)(layers.Dense(128)(x))


def planes_discriminator(classes: int = 10) -> keras.Model:
    """Images (n, 28, 28, 1) and rows of classes (n, classes) → logits (n, 1).

    Each class is a plane beside the image, all 1 where it is the image's class and all 0 elsewhere
    (Mirza and Osindero 2014, in convolutional form).
    """
    images, asked = keras.Input(IMAGE), keras.Input((classes,))
    plane = layers.Reshape((1, 1, classes))(asked)
    planes = layers.UpSampling2D(IMAGE[:2])(plane)
    logit = layers.Dense(1)(features(layers.Concatenate()([images, planes])))
    return keras.Model([images, asked], logit, name="discriminator")


def projection_discriminator(classes: int = 10, size: int = 28, channels: int = 1) -> keras.Model:
    """Images (n, size, size, channels) and rows of classes (n, classes) → logits (n, 1).

    The logit is how real the features are, plus how well they point in the direction of the class:
    ψ(φ) + ⟨v_class, φ⟩ (Miyato and Koyama 2018, equation 3).
    """
    images, asked = keras.Input((size, size, channels)), keras.Input((classes,))
    seen = features(images)
    direction = layers.Dense(128, use_bias=False, name="embedding")(asked)
    fits = layers.Dot(axes=1)([seen, direction])
    logit = layers.Add()([layers.Dense(1)(seen), fits])
    return keras.Model([images, asked], logit, name="discriminator")


def auxiliary_discriminator(classes: int = 10) -> keras.Model:
    """Images (n, 28, 28, 1) → logits (n, 1), and logits of the classes (n, classes).

    The class is not told: the discriminator has to name it (Odena et al. 2017, section 3).
    """
    images = keras.Input(IMAGE)
    seen = features(images)
    answers = [layers.Dense(1)(seen), layers.Dense(classes, name="classes")(seen)]
    return keras.Model(images, answers, name="discriminator")
