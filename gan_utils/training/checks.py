"""What cannot be trained, refused before it is tried: one sentence, a `ParameterError`."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import SEEDS

# Activations that give no logit, and those that fix the range of what a generator makes.
BOUNDED = {"hard_sigmoid", "hard_tanh", "relu", "relu6", "sigmoid", "softmax", "softsign", "tanh"}
RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def check_network(name: str, network: keras.Model) -> None:
    """Refuse a network of unknown shapes, or one that computes in float16."""
    if not network.built or getattr(network, "inputs", None) is None:
        raise ParameterError(
            f"the {name} is not built, so its shapes are unknown: begin it with keras.Input(shape)."
        )
    if network.compute_dtype == "float16" or "float16" in (
        layer.compute_dtype for layer in network.layers
    ):
        raise ParameterError(
            f"the {name} computes in float16, whose small range loses gradients: build it under "
            f"bfloat16 or float32."
        )


def checked_optimizer(name: str, given) -> keras.optimizers.Optimizer:
    """The optimizer of a network, made where its name was given."""
    try:
        optimizer = keras.optimizers.get(given)
    except (ValueError, TypeError):
        optimizer = None
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise ParameterError(
            f"the optimizer of the {name} is {given!r}: give one of keras.optimizers or its name."
        )
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ParameterError(
            f"the optimizer of the {name} scales a loss, which is for float16: give the optimizer "
            f"inside it, and compute in bfloat16 or float32."
        )
    return optimizer


def check_count(name: str, value) -> None:
    """Refuse what is not a whole number from 1 up."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ParameterError(f"{name} is {value}: give a whole number from 1 up.")


def is_number(value) -> bool:
    """Whether it is a finite number."""
    numbers = (int, float, np.integer, np.floating)
    return isinstance(value, numbers) and not isinstance(value, bool) and math.isfinite(value)


def check_seed(seed) -> None:
    """Refuse what no stream of random numbers has as its seed."""
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or not 0 <= seed < SEEDS:
        raise ParameterError(f"seed is {seed}: give a whole number from 0 to {SEEDS - 1}.")


def check_draws(count, seed) -> None:
    """Refuse a number of samples, or their seed, that cannot be."""
    check_count("count", count)
    check_seed(seed)


def check_range(image_range) -> None:
    """Refuse what is not the lowest and the highest value of images."""
    ends = tuple(image_range) if isinstance(image_range, tuple | list) else ()
    if len(ends) != 2 or not all(map(is_number, ends)) or ends[0] >= ends[1]:
        raise ParameterError(
            f"image_range is {image_range!r}: give the lowest and the highest value of images, "
            f"such as (-1.0, 1.0)."
        )


def check_options(networks, averages, image_range, seed) -> None:
    """Refuse what `Trainer` cannot be made of; the options are explained there."""
    for name, network in networks.items():
        check_network(name, network)
    check_seed(seed)
    check_range(image_range)
    for name, decay in averages.items():
        if not is_number(decay) or not 0.0 <= decay < 1.0:
            raise ParameterError(f"ema is {decay}: give a decay in [0, 1), 0 for no average.")
        if name not in networks:
            raise ParameterError(
                f"an average of {name!r} is asked for: name one of {', '.join(networks)}."
            )


def check_game(loss, penalty) -> None:
    """Refuse a loss without both players' sides, and a penalty that cannot be called."""
    sides = [callable(getattr(loss, side, None)) for side in ("discriminator", "generator")]
    if isinstance(loss, type) or not all(sides):
        raise ParameterError(
            f"loss is {loss!r}: give an object of training.losses, such as NonSaturating(), or its "
            f"name."
        )
    if isinstance(penalty, type) or not (penalty is None or callable(penalty)):
        raise ParameterError(
            f"penalty is {penalty!r}: give an object of training.penalties, such as R1(), or None."
        )


def check_weight(name: str, value: float) -> None:
    """Refuse what is not a finite number from 0 up, or a variable of TensorFlow with such a one."""
    number = float(value) if isinstance(value, tf.Variable) else value  # it may change in play
    if not is_number(number) or number < 0.0:
        raise ParameterError(f"{name} is {value}: give a number from 0 up.")


def check_inputs(network: keras.Model, arrays) -> None:
    """Refuse arrays (n, …) that a network cannot read, and none at all."""
    for array in arrays:
        if not getattr(array, "shape", ()):
            raise ParameterError(
                f"the inputs are {type(array).__name__}: give an array, one row a sample."
            )
    if not len(arrays[0]):
        raise ParameterError("there is nothing to generate from: give at least one input.")
    reads = network.input_shape if isinstance(network.input_shape, list) else [network.input_shape]
    wanted = [tuple(shape[1:]) for shape in reads]
    given = [tuple(array.shape[1:]) for array in arrays]
    if [len(shape) for shape in given] != [len(shape) for shape in wanted] or any(
        side not in (None, found)
        for shape, array in zip(wanted, given, strict=True)
        for side, found in zip(shape, array, strict=True)
    ):
        raise ParameterError(
            f"the inputs have shape {' and '.join(map(str, given))} each and the network reads "
            f"{' and '.join(map(str, wanted))}: give inputs of that shape, or build it for these."
        )


def check_players(generator, discriminator, image_range) -> None:
    """Refuse two networks that cannot play this game with each other."""
    reads = generator.input_shape
    if isinstance(reads, list) or len(reads) != 2:
        raise ParameterError(
            f"the generator reads inputs of shape {reads}: build it for latent vectors, "
            f"(batch, latent_dim)."
        )
    check_samples(generator, discriminator.input_shape, image_range)
    check_logit(discriminator, discriminator.output_shape)


def check_samples(generator, read, image_range) -> None:
    """Refuse a generator whose samples the discriminator cannot read, or of another range.

    read: the shape that the discriminator reads, (batch, ...).
    """
    if generator.output_shape[1:] != tuple(read[1:]):
        raise ParameterError(
            f"the generator makes samples of shape {generator.output_shape[1:]} but the "
            f"discriminator reads {tuple(read[1:])}: build both for one shape."
        )
    made = last_activation(generator)
    is_image = len(generator.output_shape) > 2
    if is_image and made in RANGES and tuple(image_range) != RANGES[made]:
        raise ParameterError(
            f"the generator ends in {made} but image_range is {tuple(image_range)}: give "
            f"image_range={RANGES[made]}, or another last activation."
        )


def check_logit(discriminator, given) -> None:
    """Refuse a discriminator whose answer of shape `given` is no logit, (batch, 1)."""
    answers = tuple(given[1:])
    if answers != (1,):
        raise ParameterError(
            f"the discriminator answers with shape {answers} a sample, not with one number: end it "
            f"with Flatten and Dense(1)."
        )
    ending = last_activation(discriminator)
    if ending in BOUNDED:
        raise ParameterError(
            f"the discriminator ends in {ending}, and the losses take logits: leave its last "
            f"activation out."
        )


def last_activation(network: keras.Model) -> str:
    """The name of the activation that a network ends in, "linear" where there is none."""
    layer = network.layers[-1]
    while isinstance(layer, keras.layers.Reshape | keras.layers.Flatten):
        (previous,) = layer._inbound_nodes[0].parent_nodes
        layer = previous.operation
    if isinstance(layer, keras.Model):
        return last_activation(layer)
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(layer, "activation", None), "__name__", "linear")
