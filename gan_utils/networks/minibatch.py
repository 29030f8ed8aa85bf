"""A layer that lets a discriminator see a batch instead of one image."""

from __future__ import annotations

import keras
import tensorflow as tf

from gan_utils.errors import ParameterError

# Inside the root, where a feature is the same in a whole group: the slope of √v at 0 is not finite.
SMALLEST_VARIANCE = 1e-8


@keras.saving.register_keras_serializable("gan_utils")
class MinibatchStdDev(keras.layers.Layer):
    """Adds maps that say how much the features of neighbouring samples differ.

    Features (n, height, width, channels) → (n, height, width, channels + maps). The n samples are
    taken in groups, and each feature's standard deviation over a group is averaged over the pixels
    and over a block of channels, one block for each new map, so a map holds one number a group. A
    generator whose images are too much alike gives itself away by it (Karras et al. 2018,
    section 3; groups and several maps as in the code of Karras et al. 2020).

    group: samples in a group. Where it does not divide n, the groups are as equal as can be and
        not smaller; where n is smaller, the batch is one group.
    maps: number of new maps; it divides the number of channels.

    Groups are neighbouring rows, so several devices have the groups of one where each gets a
    multiple of `group` rows. Raises `ParameterError` for values out of range.
    """

    def __init__(self, group: int = 8, maps: int = 8, **options):
        super().__init__(**options)
        if group < 2:
            raise ParameterError(f"group is {group}: give at least 2 samples, one does not vary.")
        if maps < 1:
            raise ParameterError(f"maps is {maps}: give at least 1.")
        self.group, self.maps = group, maps

    def build(self, shape):
        if len(shape) != 4 or None in shape[1:]:
            raise ParameterError(
                f"the features have shape {tuple(shape)}: give (batch, height, width, channels), "
                f"of which only the batch may be open."
            )
        if shape[-1] % self.maps:
            raise ParameterError(
                f"maps is {self.maps}, which does not divide the {shape[-1]} channels: give a "
                f"number that does."
            )

    def call(self, features):
        count = tf.shape(features)[0]
        groups = tf.maximum(count // self.group, 1)
        of_sample = tf.range(count) * groups // count  # neighbours share a group
        together = tf.cast(of_sample[:, None] == of_sample[None, :], tf.float32)
        share = together / tf.reduce_sum(together, axis=1, keepdims=True)  # @ it: mean over a group

        _, height, width, channels = features.shape
        # In float32, because squares of small differences are added up.
        values = tf.reshape(tf.cast(features, tf.float32), [count, height * width * channels])
        # From the first image on: a GPU may round the factors of a product to ten bits.
        values -= tf.stop_gradient(values[:1])
        variance = share @ tf.square(values - share @ values)
        blocks = [count, height * width, self.maps, channels // self.maps]
        deviation = tf.reshape(tf.sqrt(variance + SMALLEST_VARIANCE), blocks)
        numbers = tf.cast(tf.reduce_mean(deviation, axis=[1, 3]), features.dtype)
        maps = tf.broadcast_to(numbers[:, None, None], [count, height, width, self.maps])
        return tf.concat([features, maps], axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + self.maps)

    def get_config(self):
        return {**super().get_config(), "group": self.group, "maps": self.maps}
