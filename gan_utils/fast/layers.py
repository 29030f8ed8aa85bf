"""Keras' layers with the same mathematics in fewer passes or fewer products.

`benchmarks/step.py` times trainings with them and with those of Keras. They have the weights of the
layers that they stand for, so `set_weights` takes those of a model of either kind; all but
`UpsampledConv2D`, which is one layer instead of two, also keep their names in files.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.fast.convolution import LARGEST_FILTER, transposed_convolution
from gan_utils.streams import replicas

LEVELS = 2**16  # of a 16-bit random number
# Where fewer products pay for the sums around them, measured on two cores; see `convolution.py`.
LARGEST_SIDE, FEWEST_CHANNELS = 8, 64


@keras.saving.register_keras_serializable("gan_utils")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Transposed convolution; in float32 with stride 1, on a CPU, by fewer multiplications.

    The tutorial's first one, 256 → 128 channels on 7×7 pixels, takes half the time with its
    slopes. With bfloat16 units, on a GPU and for all other sizes it is Keras' layer.
    """

    def call(self, inputs):
        _, height, width, channels = inputs.shape
        if (
            self.compute_dtype != "float32"
            or (self.strides, self.dilation_rate, self.padding) != ((1, 1), (1, 1), "same")
            or height != width
            or height > LARGEST_SIDE
            or not 2 <= min(self.kernel_size) == max(self.kernel_size) <= LARGEST_FILTER
            or min(channels, self.filters) < FEWEST_CHANNELS
            or tf.config.list_logical_devices("GPU")
        ):
            return super().call(inputs)
        outputs = transposed_convolution(inputs, self.kernel)
        if self.use_bias:
            outputs += self.bias
        return self.activation(outputs)


@keras.saving.register_keras_serializable("gan_utils")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation over all axes but the last, in one fused operation while training.

    Keras computes mean, variance, scaling and their slopes by a dozen operations in float32,
    whatever the precision; the fused one reads the inputs as they are and keeps its sums in
    float32. At inference it is Keras' layer, and so it is on several replicas, whose statistics
    are those of the whole batch.
    """

    def __init__(self, **options):
        super().__init__(**{"synchronized": True, **options})
        if self.axis != -1 or not (self.center and self.scale):
            raise ParameterError(
                f"axis is {self.axis}, center {self.center} and scale {self.scale}: this layer has "
                f"-1, True and True only, so use the one of keras.layers."
            )

    def call(self, inputs, training=None, mask=None):
        if not training or replicas() > 1:
            return super().call(inputs, training=training)
        # The operation takes images; a vector is an image of one pixel.
        channels = inputs.shape[-1]
        images = inputs if inputs.shape.rank == 4 else tf.reshape(inputs, [-1, 1, 1, channels])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=[],
            variance=[],
            epsilon=self.epsilon,
        )
        # It divides the variance by n − 1; Keras keeps the average of the one divided by n.
        count = tf.cast(tf.size(inputs) // channels, tf.float32)
        for average, statistic in (
            (self.moving_mean, mean),
            (self.moving_variance, variance * (count - 1.0) / count),
        ):
            average.assign(average * self.momentum + statistic * (1.0 - self.momentum))
        return tf.reshape(outputs, tf.shape(inputs))


@keras.saving.register_keras_serializable("gan_utils")
class Dropout(keras.layers.Dropout):
    """Dropout whose mask is compared as 16-bit integers.

    Keras draws a float for every entry; half as many 32-bit integers, each seen as two of 16
    bits, give the same mask. The rate is rounded to 1/65,536, and the scale follows it.
    """

    def call(self, inputs, training=False):
        if not training:
            return inputs
        dropped = round(self.rate * LEVELS)
        size = tf.size(inputs)
        bits = tf.random.stateless_uniform(
            [(size + 1) // 2],
            tf.cast(self.seed_generator.next(), tf.int32),
            minval=None,
            maxval=None,
            dtype=tf.uint32,
        )
        levels = tf.reshape(tf.bitcast(bits, tf.uint16), [-1])[:size]
        kept = tf.cast(tf.reshape(levels, tf.shape(inputs)) >= dropped, inputs.dtype)
        return inputs * (kept * (LEVELS / (LEVELS - dropped)))


@keras.saving.register_keras_serializable("gan_utils")
class UpsampledConv2D(keras.layers.Conv2D):
    """`UpSampling2D` by 2, nearest neighbour, and a `Conv2D` of 3×3, as one layer.

    Images (n, height, width, channels) → (n, 2 · height, 2 · width, filters). Of the nine products
    for an output pixel, up to four are with copies of the same input pixel; their weights are added
    up first, which leaves a transposed convolution of 4×4 with stride 2, four products a pixel (the
    code of Karras et al. 2018 calls it a fused upscale). They are added up in the number format in
    which the layer computes. Raises `ParameterError` for options that this form has not.
    """

    def __init__(self, filters: int, **options):
        super().__init__(filters, **{"kernel_size": 3, "padding": "same", **options})
        for name, only in (
            ("kernel_size", (3, 3)), ("strides", (1, 1)), ("dilation_rate", (1, 1)),
            ("padding", "same"), ("groups", 1), ("data_format", "channels_last"),
        ):  # fmt: skip
            if getattr(self, name) != only:
                raise ParameterError(
                    f"{name} is {getattr(self, name)!r}, and this layer has {only!r} only: use "
                    f"UpSampling2D and Conv2D of keras.layers."
                )

    def call(self, inputs):
        padded = tf.pad(self.kernel, [[1, 1], [1, 1], [0, 0], [0, 0]])
        summed = padded[1:, 1:] + padded[1:, :-1] + padded[:-1, 1:] + padded[:-1, :-1]
        # A transposed convolution stamps its kernel where a convolution reads it: turned round.
        stamp = tf.transpose(summed[::-1, ::-1], [0, 1, 3, 2])
        outputs = tf.nn.conv2d_transpose(
            inputs, stamp, self.compute_output_shape(tf.shape(inputs)), strides=2
        )
        if self.use_bias:
            outputs += self.bias
        return self.activation(outputs)

    def compute_output_shape(self, shape):
        count, *sides = (shape[axis] for axis in range(3))
        return (count, *(None if side is None else 2 * side for side in sides), self.filters)
