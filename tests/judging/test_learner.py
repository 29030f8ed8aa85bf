"""A learner learns from what it is given, and from nothing else."""

import numpy as np
import pytest

from gan_utils.data import load_images
from gan_utils.errors import DataError
from gan_utils.judging.learner import build_learner, named, trained_learner

TRAIN, TEST = load_images("mnist"), load_images("mnist", "test")


def of(labels, count=300):
    rows = np.flatnonzero(np.isin(TRAIN.labels, labels))[:count]
    return TRAIN.images[rows], TRAIN.labels[rows]


def test_it_tells_two_digits_apart_and_names_no_other():
    answers = named(trained_learner(*of((0, 1)), steps=60), TEST.images)
    known = np.isin(TEST.labels, (0, 1))
    assert np.mean(answers[known] == TEST.labels[known]) > 0.97
    assert set(answers) <= {0, 1}


def test_wrong_labels_are_learned_as_they_are():
    images, labels = of((0, 1))
    answers = named(trained_learner(images, 1 - labels, steps=60), TEST.images)
    known = np.isin(TEST.labels, (0, 1))
    assert np.mean(answers[known] == TEST.labels[known]) < 0.03


def test_a_class_of_no_weight_is_not_learned():
    model = trained_learner(*of((0, 1)), class_weight={0: 0.0, 1: 1.0}, steps=60)
    assert set(named(model, TEST.images[:200])) == {1}


def test_the_same_seed_learns_the_same():
    one, other, third = (
        trained_learner(*of((0, 1)), steps=5, seed=seed).get_weights()[0] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - third).max() > 0


def test_it_learns_from_images_of_any_size_and_colour():
    images, labels = of((0, 1))
    coloured = np.repeat(images[:, ::2, ::2], 3, axis=-1)
    answers = named(trained_learner(coloured, labels, steps=60), coloured)
    assert np.mean(answers == labels) > 0.97


def test_parameter_count():
    # (kernel² · inputs + 1) · filters for a convolution, (inputs + 1) · outputs for a dense layer.
    assert build_learner().count_params() == 10 * 32 + 289 * 64 + (7 * 7 * 64 + 1) * 64 + 65 * 10


BAD = {
    "images are float64": (TRAIN.images[:4] / 255, TRAIN.labels[:4]),
    "of shape (4, 28, 28)": (TRAIN.images[:4, ..., 0], TRAIN.labels[:4]),
    "4 images and 3 labels": (TRAIN.images[:4], TRAIN.labels[:3]),
    "labels holds 10 at index 0": (TRAIN.images[:4], np.array([10, 1, 2, 3])),
}


@pytest.mark.parametrize("words", BAD)
def test_what_it_cannot_learn_from(words):
    with pytest.raises(DataError) as caught:
        trained_learner(*BAD[words], steps=1)
    assert words in str(caught.value)
