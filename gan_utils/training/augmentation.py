"""Differentiable augmentation: D never sees an image as it is, be it real or generated."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw


@dataclass(frozen=True)
class MirrorAndShift:
    """Mirrors half of the images, and shifts each of them by some pixels up or down and sideways.

    For a `GAN` that is to learn from few pictures (Zhao et al. 2020): D cannot learn them by heart,
    and because generated images are treated in the same way, and G learns through it, G does not
    learn to draw shifted images. In a step, row i of the real and of the generated images are
    treated alike.

    mirror: False for what has no mirror image, such as digits.
    shift: the largest shift, as a share of the side, from 0 to 0.5; an eighth in the paper. What
        comes in at a border repeats the border; the paper has zeros there, which are grey.

    Raises `ParameterError` for a shift out of range.
    """

    mirror: bool = True
    shift: float = 0.125

    def __post_init__(self) -> None:
        if not 0 <= self.shift <= 0.5:
            raise ParameterError(f"shift is {self.shift}: give a share of the side, from 0 to 0.5.")

    def __call__(self, images, draw: Draw):
        """Images (n, height, width, channels) → the same shape, each treated by its own numbers."""
        rows, columns = (
            self._sources(images.shape[axis], tf.shape(images)[0], draw, f"shift along {axis}")
            for axis in (1, 2)
        )
        if self.mirror:
            turned = draw.uniform("mirror", tf.shape(images)[0], 1) < 0.5
            columns = tf.where(turned, images.shape[2] - 1 - columns, columns)
        # Products with matrices of zeros and ones: on a processor much faster, forwards and
        # backwards, than gathering pixels.
        for equation, lines in (("nik,nkjc->nijc", rows), ("njk,nikc->nijc", columns)):
            images = tf.einsum(
                equation, tf.one_hot(lines, lines.shape[1], dtype=images.dtype), images
            )
        return images

    def _sources(self, side: int, count, draw: Draw, purpose: str) -> tf.Tensor:
        """Which line each line of an image is taken from, int32 (n, side)."""
        furthest = round(self.shift * side)
        moved = draw.uniform(purpose, count, 1, low=-furthest, high=furthest + 1)
        lines = tf.range(side)[tf.newaxis] + tf.cast(tf.floor(moved), tf.int32)
        return tf.clip_by_value(lines, 0, side - 1)
