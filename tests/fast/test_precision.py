"""The number format: chosen by what is measured, kept for a resume, and never leaking."""

import json

import keras
import numpy as np
import pytest

from gan_utils.errors import OutputError
from gan_utils.fast import precision
from gan_utils.fast.precision import Precision, choose, in_precision, remembered
from gan_utils.judging.evaluators import evaluator
from gan_utils.networks.registry import build


def device(**taken):
    """Seconds of a step on a device that we make up; asking for another way is an error."""
    return lambda name, xla: taken[name + "_xla" * xla]


@pytest.mark.parametrize(
    ("float32", "bfloat16", "name"),
    [(3e-3, 1e-3, "bfloat16"), (1e-3, 4e-3, "float32"), (1.1e-3, 1e-3, "float32")],
)
def test_what_is_clearly_faster_is_chosen(monkeypatch, float32, bfloat16, name):
    monkeypatch.setattr(precision.tf.config, "list_logical_devices", lambda kind: [])
    chosen = choose(device(float32=float32, bfloat16=bfloat16))
    assert (chosen.name, chosen.xla) == (name, False)
    told = f"float32 {1e3 * float32:.1f}, bfloat16 {1e3 * bfloat16:.1f}"
    assert str(chosen) == f"{name} (measured, ms a step: {told})"


@pytest.mark.parametrize(
    ("taken", "answer"),
    [((4, 3, 2, 1), ("bfloat16", True)), ((4, 2, 3, 3), ("float32", True)),
     ((4, 5, 2, 3), ("bfloat16", False)), ((4, 4, 4, 3.9), ("float32", False)),
     ((4, 1.1, 3, 1), ("float32", True)), ((4, 3, 1.1, 1), ("bfloat16", False))],
)  # fmt: skip
def test_on_a_gpu_xla_is_weighed_too(monkeypatch, taken, answer):
    monkeypatch.setattr(precision.tf.config, "list_logical_devices", lambda kind: ["a GPU"])
    names = ("float32", "float32_xla", "bfloat16", "bfloat16_xla")
    chosen = choose(device(**dict(zip(names, taken, strict=True))))
    assert (chosen.name, chosen.xla) == answer


def test_the_device_at_hand_is_measured_in_well_under_a_second_each():
    taken = {name: precision.seconds_of_a_step(name, False) for name in precision.POLICIES}
    assert all(0 < seconds < 1 for seconds in taken.values())
    assert keras.config.dtype_policy().name == "float32"


def test_a_choice_is_measured_once_and_kept(tmp_path, monkeypatch):
    answers = iter([Precision("bfloat16", reason="first"), Precision("float32", reason="second")])
    monkeypatch.setattr(precision, "choose", lambda: next(answers))
    path = tmp_path / "precision.json"
    assert (
        remembered("auto", path)
        == remembered("auto", path)
        == Precision("bfloat16", False, "first")
    )
    assert remembered("float32", path).name == "float32", "what is asked for overrides it"
    path.unlink()
    assert remembered("auto", path).name == "float32"


@pytest.mark.parametrize("text", ["", "[]", '{"name": "float8"}', '{"nam": "float32"}'])
def test_a_damaged_choice_is_refused(tmp_path, text):
    path = tmp_path / "precision.json"
    path.write_text(text)
    with pytest.raises(OutputError, match="holds no precision: delete it"):
        remembered("auto", path)


def test_the_format_ends_with_its_block():
    with pytest.raises(ZeroDivisionError), in_precision("bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
        raise ZeroDivisionError
    assert keras.layers.Dense(1).compute_dtype == "float32"


def test_networks_compute_in_it_and_keep_their_weights_in_float32():
    generator, discriminator, _ = build("compact", "bfloat16")
    for network in (generator, discriminator):
        assert {layer.compute_dtype for layer in network.layers} == {"bfloat16"}
        assert {str(weight.dtype) for weight in network.weights} == {"float32"}


def test_an_evaluator_gives_the_same_features_whatever_is_trained():
    images = np.random.default_rng(0).integers(256, size=(8, 28, 28, 1), dtype=np.uint8)
    plain = evaluator("mnist").features(images)
    with in_precision("bfloat16"):
        again = evaluator.__wrapped__("mnist").features(images)
    np.testing.assert_array_equal(plain, again)


def test_what_is_kept_reads_as_plain_json(tmp_path):
    remembered("auto", tmp_path / "precision.json")
    kept = json.loads((tmp_path / "precision.json").read_text())
    assert kept.keys() == {"name", "xla", "reason"} and kept["name"] in precision.POLICIES
