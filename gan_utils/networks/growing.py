"""Players that grow: each stage doubles the side of the images (Karras et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from gan_utils.errors import ParameterError
from gan_utils.networks.minibatch import MinibatchStdDev

SMALLEST = 1e-8  # inside the root: the slope of √x at 0 is not finite


class _Equalised:
    """Weights from N(0, 1) that are scaled when they are used (section 4.1).

    So every weight moves at the same rate relative to its size, whatever the size of its layer.
    """

    gain = 2.0**0.5

    def scaled(self):
        fan_in = 1
        for side in self.kernel.shape[:-1]:
            fan_in *= side
        return self.kernel * (self.gain / fan_in**0.5)


@keras.saving.register_keras_serializable("gan_utils")
class EqualisedDense(_Equalised, layers.Dense):
    """A dense layer with an equalised rate; `gain` is √2 before an activation, 1 at the end."""

    def __init__(self, units: int, gain: float = _Equalised.gain, **options):
        options.setdefault("kernel_initializer", keras.initializers.RandomNormal(stddev=1.0))
        super().__init__(units, **options)
        self.gain = gain

    def call(self, inputs):
        return ops.matmul(inputs, ops.cast(self.scaled(), inputs.dtype)) + ops.cast(
            self.bias, inputs.dtype
        )

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable("gan_utils")
class EqualisedConv2D(_Equalised, layers.Conv2D):
    """A convolution with an equalised rate, stride 1 and borders of zeros."""

    def __init__(self, filters: int, kernel_size: int, gain: float = _Equalised.gain, **options):
        options.setdefault("kernel_initializer", keras.initializers.RandomNormal(stddev=1.0))
        options.setdefault("padding", "same")
        super().__init__(filters, kernel_size, **options)
        self.gain = gain

    def call(self, inputs):
        kernel = ops.cast(self.scaled(), inputs.dtype)
        made = ops.conv(inputs, kernel, strides=1, padding="same")
        return made + ops.cast(self.bias, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable("gan_utils")
class PixelNorm(layers.Layer):
    """Features (n, …, channels), each pixel brought to length √channels (section 4.2)."""

    def call(self, features):
        values = ops.cast(features, "float32")
        length = ops.sqrt(ops.mean(ops.square(values), axis=-1, keepdims=True) + SMALLEST)
        return ops.cast(values / length, features.dtype)


@keras.saving.register_keras_serializable("gan_utils")
class Faded(layers.Layer):
    """Old, new and shares (n, 1) of the new → (1 − share) · old + share · new."""

    def call(self, inputs):
        old, new, share = inputs
        share = ops.cast(ops.reshape(share, (-1, 1, 1, 1)), new.dtype)
        return (1 - share) * old + share * new

    def compute_output_shape(self, shapes):
        return shapes[1]


class Growth:
    """The layers of both players at every stage; `generator` and `discriminator` join them.

    size: side of the images at stage 0; each stage doubles it.
    widths: filters at each stage, as many as there are stages.
    latent_dim, channels: of z and of the images.
    equalised, pixel_norm, deviation: False leaves a part of the recipe out.

    A stage's networks share their layers with those of the stages before. Raises `ParameterError`
    for a size below 4 and for no stage.
    """

    def __init__(
        self,
        size: int = 7,
        widths: Sequence[int] = (64, 32, 16),
        latent_dim: int = 64,
        channels: int = 1,
        equalised: bool = True,
        pixel_norm: bool = True,
        deviation: bool = True,
    ):
        if size < 4 or not widths:
            raise ParameterError(
                f"size is {size} and widths are {tuple(widths)}: give a side of at least 4 pixels "
                f"and the filters of one stage or more."
            )
        self.size, self.widths, self.latent_dim = size, tuple(widths), latent_dim
        self.channels, self.equalised = channels, equalised
        self.pixel_norm, self.deviation = pixel_norm, deviation
        self.stages = len(self.widths)
        first, *others = self.widths
        self._dense = self._linear(size * size * first)
        self._drawing = [[self._conv(first)], *([self._conv(w), self._conv(w)] for w in others)]
        self._to_image = [self._conv(channels, 1, gain=1.0) for _ in self.widths]
        # Going down, a stage ends with as many filters as the stage below has.
        below = [first, *self.widths[:-1]]
        self._seeing = [
            [self._conv(w), self._conv(b)] for w, b in zip(self.widths, below, strict=True)
        ]
        self._from_image = [self._conv(w, 1) for w in self.widths]
        self._judging = [self._linear(first), self._linear(1, gain=1.0)]

    def sides(self, stage: int) -> int:
        """Side of the images at a stage, in pixels."""
        return self.size * 2**stage

    def generator(self, stage: int) -> keras.Model:
        """Latent vectors (n, latent_dim) and shares (n, 1) of the newest layers → images."""
        self._check(stage)
        z, share = keras.Input((self.latent_dim,)), keras.Input((1,))
        x = self._active(self._dense(PixelNorm()(z) if self.pixel_norm else z))
        x = layers.Reshape((self.size, self.size, self.widths[0]))(x)
        old = None
        for number in range(stage + 1):
            if number:
                old = x
                x = layers.UpSampling2D()(x)
            for conv in self._drawing[number]:
                x = self._active(conv(x))
        images = self._to_image[stage](x)
        if stage:
            before = layers.UpSampling2D()(self._to_image[stage - 1](old))
            images = Faded()([before, images, share])
        return keras.Model([z, share], images, name="generator")

    def discriminator(self, stage: int) -> keras.Model:
        """Images and shares (n, 1) of the newest layers → logits (n, 1)."""
        self._check(stage)
        side = self.sides(stage)
        image, share = keras.Input((side, side, self.channels)), keras.Input((1,))
        x = self._leaky(self._from_image[stage](image))
        for number in range(stage, -1, -1):
            if number == 0 and self.deviation:
                x = MinibatchStdDev(maps=1)(x)
            for conv in self._seeing[number]:
                x = self._leaky(conv(x))
            if number:
                x = layers.AveragePooling2D(2)(x)
            if number == stage and stage:
                smaller = layers.AveragePooling2D(2)(image)
                before = self._leaky(self._from_image[stage - 1](smaller))
                x = Faded()([before, x, share])
        x = self._leaky(self._judging[0](layers.Flatten()(x)))
        return keras.Model([image, share], self._judging[1](x), name="discriminator")

    def _linear(self, units: int, gain: float = _Equalised.gain) -> layers.Layer:
        return (
            EqualisedDense(units, gain)
            if self.equalised
            else layers.Dense(units, kernel_initializer="he_normal")
        )

    def _conv(self, filters: int, side: int = 3, gain: float = _Equalised.gain) -> layers.Layer:
        return (
            EqualisedConv2D(filters, side, gain)
            if self.equalised
            else layers.Conv2D(filters, side, padding="same", kernel_initializer="he_normal")
        )

    def _leaky(self, x):
        return layers.LeakyReLU(0.2)(x)

    def _active(self, x):
        x = self._leaky(x)
        return PixelNorm()(x) if self.pixel_norm else x

    def _check(self, stage: int) -> None:
        if stage not in range(self.stages):
            raise ParameterError(
                f"there is no stage {stage}: give a whole number from 0 to {self.stages - 1}."
            )
