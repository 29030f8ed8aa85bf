"""One training on several devices: each replica takes its share of every batch.

What is random is drawn for the whole batch on every replica, which keeps its own rows: so the
losses, the penalties and the weights are those of one device, but for the order of sums.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from gan_utils.errors import ParameterError

STRATEGIES = ("one", "mirrored", "multi_worker")


def strategy_named(name: str) -> tf.distribute.Strategy:
    """What `STRATEGIES` call: one device; all devices of this machine; several machines.

    For several machines each one runs the same program with its own environment variable
    TF_CONFIG, as TensorFlow describes it, and this function comes before any other use of
    TensorFlow.  Raises ParameterError for an unknown name and without TF_CONFIG.
    """
    if name == "mirrored":
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        return tf.distribute.MirroredStrategy(
            [device.name for device in tf.config.list_logical_devices(kind)]
        )
    if name == "multi_worker":
        if not _cluster():
            raise ParameterError(
                "strategy is multi_worker, but TF_CONFIG names no workers: set it on each machine."
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "one":
        return tf.distribute.get_strategy()
    raise ParameterError(f"strategy is {name!r}: choose one of {', '.join(STRATEGIES)}.")


def worker_index() -> int:
    """This machine's number among the workers of TF_CONFIG; 0 is the one that keeps the results."""
    cluster = _cluster()
    return int(cluster["task"]["index"]) if cluster else 0


def _cluster() -> dict:
    """What TF_CONFIG says, if it names workers."""
    try:
        config = json.loads(os.environ.get("TF_CONFIG") or "{}")
        workers = config.get("cluster", {}).get("worker")
        # A chief would be a second machine with the number 0.
        if workers and (config["task"]["type"] != "worker" or "chief" in config["cluster"]):
            raise ParameterError("TF_CONFIG names a chief: list it as the first worker instead.")
        return config if workers else {}
    except (ValueError, AttributeError, LookupError, TypeError):
        raise ParameterError(
            f"TF_CONFIG is {os.environ['TF_CONFIG']!r}, not the JSON that TensorFlow asks for: "
            "correct it or unset it."
        ) from None


def keep_order_of_sums() -> None:
    """Keep TensorFlow from rewriting a step in two ways that let its numbers change by chance.

    One rewriting sorts sums, not always alike; the other drops orders between operations that it
    takes for needless. Of seventy small trainings from the same seed on a busy machine four to nine
    ended with other numbers, and without the rewritings none; a resumed training must end bit for
    bit like one that was never killed.
    """
    tf.config.optimizer.set_experimental_options(
        {"arithmetic_optimization": False, "dependency_optimization": False}
    )


@contextmanager
def on_replicas(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Networks, players and optimizers that are made inside live on all of its devices."""

    def kept_equal(make, **options):
        # Replicas compute the same new value of a variable, so any one of them will do.
        if options.get("aggregation") in (None, tf.VariableAggregation.NONE):
            options["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
        return make(**options)

    with strategy.scope(), tf.variable_creator_scope(kept_equal):
        yield
