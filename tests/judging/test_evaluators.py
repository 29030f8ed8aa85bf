"""The bundled classifiers: accuracy, what they give, what they refuse."""

import json
import random
import shutil

import keras
import numpy as np
import pytest

import gan_utils.judging.evaluators
from gan_utils.data import load_images, scale, unscale
from gan_utils.errors import DataError
from gan_utils.judging.evaluators import NAMES, build_classifier, data_dir, evaluator

LEAST = [("mnist", 0.985), ("fashion_mnist", 0.92), ("fashion_mnist_residual", 0.92)]


@pytest.fixture(params=NAMES)
def bundled(request):
    return evaluator(request.param)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the evaluators' folder that a test may damage; nothing stays cached."""
    shutil.copytree(data_dir() / "evaluators", tmp_path / "evaluators")
    monkeypatch.setattr(gan_utils.judging.evaluators, "data_dir", lambda: tmp_path)
    evaluator.cache_clear()
    yield tmp_path / "evaluators"
    evaluator.cache_clear()


@pytest.mark.parametrize(("name", "least"), LEAST)
def test_accuracy_on_bundled_test_images(name, least):
    test = load_images(NAMES[name].data, "test")
    found = evaluator(name).probabilities(test.images).argmax(axis=1)
    assert (found == test.labels).mean() >= least
    # Every class is recognised, even shirts, which look like four other garments.
    assert (np.bincount(test.labels[found == test.labels]) / np.bincount(test.labels)).min() > 0.7


def test_recorded_accuracy_of_digits_is_measured_again():
    provenance = json.loads((data_dir() / "evaluators" / "mnist.json").read_text())
    recorded = provenance["tests"]["2,000 bundled test digits"]
    test = load_images("mnist", "test")
    found = evaluator("mnist").probabilities(test.images).argmax(axis=1)
    assert recorded["n"] == len(test)
    # One digit of room for other processors, which round otherwise.
    assert abs((found == test.labels).sum() - recorded["accuracy"] * len(test)) < 1.5


@pytest.mark.parametrize(("name", "least"), LEAST)
def test_recorded_accuracies_have_their_intervals(name, least):
    tests = json.loads((data_dir() / "evaluators" / f"{name}.json").read_text())["tests"].values()
    assert max(test["n"] for test in tests) == 10_000
    for test in tests:
        assert test["accuracy"] >= least and test["low"] < test["accuracy"] < test["high"]
        # Wilson's interval holds exactly the p for which |score - p| <= 1.96 sqrt(p (1 - p) / n).
        for p in (test["low"], test["high"]):
            half = 1.959964 * (p * (1 - p) / test["n"]) ** 0.5
            assert abs(test["accuracy"] - p) == pytest.approx(half)


def test_shapes_types_and_ranges(bundled):
    images = load_images(NAMES[bundled.name].data, "test").images[:7]
    features, probabilities = bundled.features(images), bundled.probabilities(images)
    assert features.shape == (7, 64) and features.dtype == np.float32
    assert features.min() >= 0
    assert probabilities.shape == (7, 10) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5) and probabilities.min() >= 0


def test_features_lead_to_the_probabilities(bundled):
    """The features are the last layer but one: a linear map and softmax give the probabilities."""
    images = load_images(NAMES[bundled.name].data, "test").images[:300]
    features, probabilities = bundled.features_and_probabilities(images)
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-30))
    contrasts = logs[:, 1:] - logs[:, :1]
    design = np.column_stack([features.astype(np.float64), np.ones(len(features))])
    solution, *_ = np.linalg.lstsq(design, contrasts, rcond=None)
    assert np.abs(design @ solution - contrasts).max() < 1e-2


@pytest.mark.parametrize("n", [1, 499, 500, 501])
def test_an_image_is_classified_alike_in_any_company(bundled, n):
    images = load_images(NAMES[bundled.name].data, "test").images[:501]
    whole, part = bundled.features(images), bundled.features(images[501 - n :])
    assert part.shape == (n, 64)
    assert np.allclose(whole[501 - n :], part, atol=1e-4)


def test_asking_again_gives_the_same_object():
    assert evaluator("mnist") is evaluator("mnist")


def test_loading_leaves_the_random_numbers_of_a_lesson_alone():
    def first_weights(load: bool) -> np.ndarray:
        keras.utils.set_random_seed(3)
        if load:
            evaluator.cache_clear()
            evaluator("mnist")
        layer = keras.layers.Dense(4)
        layer.build((None, 3))
        return np.append(layer.kernel.numpy().ravel(), [random.random(), np.random.random()])

    assert np.array_equal(first_weights(True), first_weights(False))


@pytest.mark.parametrize("name", NAMES)
def test_files_are_small_and_hold_weights_only(name):
    path = data_dir() / "evaluators" / f"{name}.keras"
    assert path.stat().st_size <= 1_000_000
    provenance = json.loads(path.with_suffix(".json").read_text())
    # As the docstrings of both architectures and the page about the data say.
    counted = 187_178 if name == "fashion_mnist_residual" else 214_122
    assert provenance["parameters"] == build_classifier(name).count_params() == counted
    assert provenance["bytes"] == path.stat().st_size


IMAGES = np.zeros((3, 28, 28, 1), np.uint8)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES / 255, "given float64 of shape"),
        (IMAGES.astype(np.float32), "given float32 of shape"),
        (IMAGES.astype(np.int64), "given int64 of shape"),
        (IMAGES[..., 0], r"uint8 of shape \(3, 28, 28\)"),
        (IMAGES[0], r"uint8 of shape \(28, 28, 1\)"),
        (np.zeros((3, 32, 32, 1), np.uint8), r"uint8 of shape \(3, 32, 32, 1\)"),
        (np.zeros((3, 28, 28, 3), np.uint8), r"uint8 of shape \(3, 28, 28, 3\)"),
        (IMAGES[:0], r"uint8 of shape \(0, 28, 28, 1\)"),
        (np.uint8(3), r"uint8 of shape \(\)"),
    ],
)
def test_images_of_another_kind(images, message):
    for method in (evaluator("mnist").features, evaluator("mnist").probabilities):
        with pytest.raises(DataError, match=message) as error:
            method(images)
        assert "give uint8 images of shape (n, 28, 28, 1)" in str(error.value)


def test_images_of_the_range_0_to_1_taken_for_minus_1_to_1_are_named(bundled):
    """0 becomes 127.5: nothing is darker than the middle grey, which is the background."""
    images = load_images("mnist", "test").images[:50]
    washed = unscale(scale(images, 0, 1), -1, 1)
    with pytest.raises(DataError, match=r"range \[0, 1\].*low=0, high=1"):
        bundled.features(washed)
    bundled.features(np.full((2, 28, 28, 1), 128, np.uint8))  # an untrained generator's grey


@pytest.mark.parametrize("name", ["cifar10", "MNIST", ""])
def test_unknown_name(name):
    with pytest.raises(DataError, match=f"no evaluator '{name}'; choose one of mnist, fashion"):
        evaluator(name)


def test_truncated_weights(copy):
    path = copy / "mnist.keras"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"mnist\.keras is damaged or was changed.*install"):
        evaluator("mnist")


def test_exchanged_weights(copy):
    shutil.copy(copy / "fashion_mnist.keras", copy / "mnist.keras")
    with pytest.raises(DataError, match=r"mnist\.keras is damaged or was changed"):
        evaluator("mnist")


def test_missing_weights(copy):
    (copy / "mnist.keras").unlink()
    with pytest.raises(DataError, match=r"mnist\.keras cannot be read \(No such file"):
        evaluator("mnist")


@pytest.mark.parametrize("content", [None, b"{"])
def test_missing_or_damaged_provenance(copy, content):
    path = copy / "mnist.json"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.json.*install gan-course again"):
        evaluator("mnist")
