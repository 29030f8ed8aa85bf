"""Random numbers by name: no two purposes, steps or seeds share any."""

import ast
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import gan_utils
from gan_utils import streams
from gan_utils.errors import ParameterError
from gan_utils.streams import Draw, purpose_number, stream
from gan_utils.training.sources import rows_of_step

PACKAGE = Path(gan_utils.__file__).parent
FUTURE = {"augmentation"}  # asked for by lessons that are still to come


def purposes() -> set[str]:
    """Every purpose that the package draws for, read from its own calls."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"stream": 2, "normal": 0, "uniform": 0, "key": 0, "draws": 0}.get(name)
            if place is None or len(node.args) <= place:
                continue
            argument = node.args[place]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                found.add(argument.value)
            elif isinstance(argument, ast.JoinedStr):  # f"label noise, {side}"
                start = argument.values[0].value
                found |= {start + side for side in ("real", "generated")}
    return found


def test_the_list_of_purposes_is_not_empty():
    expected = {
        "latent",
        "epsilon",
        "snapshot",
        "batch",
        "label noise, real",
        "label flip, generated",
    }
    assert expected <= purposes()


def test_no_two_purposes_seeds_or_steps_share_a_number():
    """64 random bits each: two alike by chance would be one in a hundred million such tests."""
    drawn = []
    for purpose in purposes() | FUTURE:
        for seed in range(21):
            for step in (0, 1, 2, 7999):
                for turn in (0, 1, 4):
                    key = Draw(seed, step, turn).key(purpose)
                    drawn.append(
                        tf.random.stateless_uniform([16], key, None, None, tf.uint64).numpy()
                    )
    numbers = np.concatenate(drawn)
    assert len(np.unique(numbers)) == len(numbers)


def test_the_numbers_of_a_loss_come_from_streams_of_their_own():
    """Label noise, flips, latents and ε of neighbouring seeds and of one step are unrelated."""
    rows = {
        (purpose, seed): Draw(seed, 5).uniform(purpose, 2000, 1).numpy()[:, 0]
        for purpose in ("latent", "label noise, real", "label flip, real", "label noise, generated",
                        "label flip, generated", "epsilon")
        for seed in (3, 4)
    }  # fmt: skip
    table = np.corrcoef(np.stack(list(rows.values())))
    np.fill_diagonal(table, 0.0)
    assert np.abs(table).max() < 0.12  # five standard deviations of 2,000 unrelated pairs


def test_a_key_is_the_same_in_every_process():
    """These numbers are stored: trainings that were recorded could otherwise not be repeated."""
    assert purpose_number("latent") == 913899193
    np.testing.assert_array_equal(stream(3, 5, "latent"), [913899193 * 2**31 + 3, 5])


def test_batches_of_other_seeds_and_sources_come_in_another_order():
    total = tf.constant(1000, tf.int64)
    orders = [
        tuple(rows_of_step(tf.constant(0, tf.int64), 1000, total, seed, purpose).numpy())
        for seed in range(21)
        for purpose in ("batch", "batch a", "batch b")
    ]
    assert all(sorted(order) == list(range(1000)) for order in orders)
    assert len(set(orders)) == len(orders)


def test_two_names_never_share_a_number_in_silence(monkeypatch):
    monkeypatch.setattr(streams.zlib, "crc32", lambda text: 12)
    monkeypatch.setattr(streams, "_purposes", {})
    assert purpose_number("one") == 6
    with pytest.raises(ParameterError, match="'two' and 'one' would share their random numbers"):
        stream(0, 0, "two")
