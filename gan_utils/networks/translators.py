"""Networks that turn images into images, and the discriminators that judge patches of them."""

from __future__ import annotations

import keras
from keras import layers

from gan_utils.errors import ParameterError
from gan_utils.fast.layers import UpsampledConv2D

# Kernel size, step and filters of each convolution, then the kernel size of the last one, by the
# side of the patch that a logit sees: 3 + 2 · 2 = 7, and 4 + 3 · 2 + 1 · 4 = 14 pixels.
PATCHES = {
    1: ([(1, 1, 64), (1, 1, 128)], 1),
    7: ([(3, 2, 64)], 3),
    14: ([(4, 2, 64), (4, 2, 128)], 2),
}
WHOLE = [(4, 2, 32), (4, 2, 64), (4, 2, 128)]


def unet(size: int = 28, channels: int = 1, out: int = 1, skips: bool = True) -> keras.Model:
    """Sources (n, size, size, channels) → images (n, size, size, out) in [−1, 1].

    The source is halved three times and doubled three times, and where two sizes meet, what was
    there on the way down is handed over to the way up (Isola et al. 2017, section 3.2.1).

    size: a multiple of 4. skips: False leaves the handing over out.

    Raises `ParameterError` for a size that cannot be halved twice.
    """
    _check_size(size)
    source = keras.Input((size, size, channels))
    x = layers.LeakyReLU(0.2)(layers.Conv2D(16, 3, padding="same")(source))
    on_the_way_down = []
    for filters in (32, 64, 128):
        on_the_way_down.append(x)
        x = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 4, strides=2, padding="same")(x))
    for filters, before in zip((64, 32, 16), reversed(on_the_way_down), strict=True):
        x = layers.LeakyReLU(0.2)(UpsampledConv2D(filters)(x))
        if surplus := x.shape[1] - before.shape[1]:  # 7 was halved to 4
            x = layers.Cropping2D(((0, surplus), (0, surplus)))(x)
        if skips:
            x = layers.Concatenate()([x, before])
    images = layers.Conv2D(out, 3, padding="same", activation="tanh")(x)
    return keras.Model(source, images, name="generator")


def patch_discriminator(
    size: int = 28, channels: int = 1, out: int = 1, patch: int = 14
) -> keras.Model:
    """Sources (n, size, size, channels) and images (n, size, size, out) → maps of logits.

    Each logit, (n, rows, columns, 1), sees a square of both (Isola et al. 2017, section 3.2.2).

    patch: side of that square in pixels, 1, 7 or 14, or `size` for the whole image.

    Raises `ParameterError` for another patch or a size that cannot be halved twice.
    """
    _check_patch(size, patch)
    source, image = keras.Input((size, size, channels)), keras.Input((size, size, out))
    logits = _judged(layers.Concatenate()([source, image]), size, patch)
    return keras.Model([source, image], logits, name="discriminator")


def residual_translator(size: int = 28, channels: int = 1, out: int = 1) -> keras.Model:
    """Images of one domain (n, size, size, channels) → of another (n, size, size, out) in [−1, 1].

    The image is halved twice, changed a little by two residual blocks and doubled twice, each
    layer normalised over its own image (Zhu et al. 2017, section 4 and appendix, in small). What
    the first layer saw is handed to the last, so that lines stay where they are.

    Raises `ParameterError` for a size that cannot be halved twice.
    """
    _check_size(size)
    source = keras.Input((size, size, channels))
    first = _normed(layers.Conv2D(16, 5, padding="same")(source))
    x = first
    for filters in (32, 64):
        x = _normed(layers.Conv2D(filters, 3, strides=2, padding="same")(x))
    for _ in range(2):
        changed = _normed(layers.Conv2D(64, 3, padding="same")(x))
        x = layers.Add()([x, _by_image(layers.Conv2D(64, 3, padding="same")(changed))])
    for filters in (32, 16):
        x = _normed(UpsampledConv2D(filters)(x))
    x = layers.Concatenate()([x, first])
    images = layers.Conv2D(out, 5, padding="same", activation="tanh")(x)
    return keras.Model(source, images, name="generator")


def domain_discriminator(size: int = 28, channels: int = 1, patch: int = 14) -> keras.Model:
    """Images (n, size, size, channels) → maps of logits (n, rows, columns, 1), a logit a patch.

    As `patch_discriminator`, without a source.
    """
    _check_patch(size, patch)
    image = keras.Input((size, size, channels))
    return keras.Model(image, _judged(image, size, patch), name="discriminator")


def _by_image(x) -> keras.KerasTensor:
    """Instance normalisation: mean 0 and variance 1 for each channel of each image."""
    return layers.GroupNormalization(groups=-1)(x)


def _normed(x) -> keras.KerasTensor:
    return layers.LeakyReLU(0.2)(_by_image(x))


def _judged(x, size: int, patch: int) -> keras.KerasTensor:
    stack, last = (WHOLE, None) if patch == size else PATCHES[patch]
    for kernel, step, filters in stack:
        x = layers.Conv2D(filters, kernel, strides=step, padding="same")(x)
        x = layers.LeakyReLU(0.2)(x)
    if last is None:
        return layers.Conv2D(1, x.shape[1])(x)
    return layers.Conv2D(1, last, padding="same")(x)


def _check_patch(size: int, patch: int) -> None:
    _check_size(size)
    smaller = [side for side in PATCHES if side < size]
    if patch not in (*smaller, size):
        raise ParameterError(
            f"patch is {patch}: give {', '.join(map(str, smaller))}, or {size} for the whole image."
        )


def _check_size(size: int) -> None:
    if size < 8 or size % 4:
        raise ParameterError(
            f"the size is {size} pixels, which cannot be halved twice: give a multiple of 4 from 8 "
            f"up, such as 28, 32 or 64."
        )
