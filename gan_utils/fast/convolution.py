"""A transposed convolution of small images in a third of the multiplications.

Four neighbouring outputs of a filter of k entries need 4k products when written out, and 4 + k − 1
when both factors are polynomials that are multiplied by their values at that many points (Toom and
Cook; for networks Winograd's minimal filtering, Lavin and Gray 2016, section 4). In two dimensions
and with k = 5 that is 64 products for each 4×4 outputs instead of 400. The sums before and after
move more memory, so it pays only where the images are small and the channels many.
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

TILE = 4  # neighbouring outputs, along one side, that are computed together
# Small and near 1, because powers of them are added up: float32 loses one digit, no more.
POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
LARGEST_FILTER = len(POINTS) + 2 - TILE


@functools.cache
def _transforms(side: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three matrices, so that a convolution is `after.T @ ((along @ w) * (before @ x))`.

    before, after: from the pixels of an image (side²) to its tiles' values at the points, shape
    (points² · tiles², side²); along: from a filter's entries along one side, (points, taps).
    """
    values = TILE + taps - 1

    def powers(count):
        finite = [[point**power for power in range(count)] for point in POINTS[: values - 1]]
        return np.array([*finite, [0.0] * (count - 1) + [1.0]])  # the last point is infinity

    along, outputs, inputs = powers(taps), powers(TILE), np.linalg.inv(powers(values)).T
    # Both factors of a product get numbers of like size.
    scale = np.sqrt(np.abs(inputs).max(1) / np.abs(along).max(1))[:, None]
    along, inputs = along * scale, inputs / scale
    tiles = -(-side // TILE)
    padding = (taps - 1) // 2
    before, after = np.zeros((2, values, tiles, side))
    for tile in range(tiles):
        first = TILE * tile
        for pixel in range(max(first - padding, 0), min(first - padding + values, side)):
            before[:, tile, pixel] = inputs[:, pixel - first + padding]
        for pixel in range(first, min(first + TILE, side)):
            after[:, tile, pixel] = outputs[:, pixel - first]
    both = (
        np.einsum("pti,quj->pqtuij", m, m).reshape(-1, side**2).astype("float32")
        for m in (before, after)
    )
    return *both, along.astype("float32")


def transposed_convolution(images, entries):
    """`tf.nn.conv2d_transpose` with stride 1 and padding "SAME", in float32.

    images: (batch, s, s, channels); entries: of the filters, (k, k, filters, channels), with k
    from 2 to `LARGEST_FILTER`. Returns (batch, s, s, filters).
    """
    side, channels = images.shape[2:]
    taps, filters = entries.shape[1:3]
    before, after, along = _transforms(side, taps)
    # A transposed convolution is the transpose of one: input and output change roles.
    weights = tf.einsum("pi,qj,ijfc->pqcf", along, along, entries)
    pixels = tf.transpose(tf.reshape(images, [-1, side**2, channels]), [1, 0, 2])
    values = tf.matmul(after, tf.reshape(pixels, [side**2, -1]))
    products = tf.matmul(
        tf.reshape(values, [len(along) ** 2, -1, channels]),
        tf.reshape(weights, [-1, channels, filters]),
    )
    outputs = tf.matmul(before.T, tf.reshape(products, [len(before), -1]))
    outputs = tf.transpose(tf.reshape(outputs, [side**2, -1, filters]), [1, 0, 2])
    return tf.reshape(outputs, [-1, side, side, filters])
