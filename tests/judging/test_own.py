"""A judge that learns from the pictures themselves, with their classes or by turning them."""

import numpy as np
import pytest

from gan_utils.data import load_images
from gan_utils.errors import DataError
from gan_utils.judging.own import OwnJudge
from gan_utils.metrics import frechet_distance
from sentences import one_sentence

GARMENTS = load_images("fashion_mnist", "train")
IMAGES, LABELS = GARMENTS.images[:1000], GARMENTS.labels[:1000]
NOISE = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1), dtype=np.uint8)


@pytest.fixture(scope="module", params=["classes", "turns"])
def judge(request):
    return OwnJudge(IMAGES, LABELS if request.param == "classes" else None, steps=150)


def test_it_learns_what_it_is_asked_for(judge):
    """Ten classes by chance 0.1, four turns by chance 0.25, on pictures that it never saw."""
    turned = judge.evaluator.shape == (28, 28, 1) and judge.right.n == 400
    assert judge.right.n == (400 if turned else 100)
    assert judge.right.low > (0.6 if turned else 0.5)


def test_worse_images_are_farther_away(judge):
    """Other garments, the same ones with every second pixel only, and no garments at all."""
    coarse = IMAGES[:300, ::4, ::4].repeat(4, 1).repeat(4, 2)
    fresh = GARMENTS.images[2000:2300]
    order = [float(judge.fd(images, resamples=0)) for images in (fresh, coarse, NOISE)]
    assert order == sorted(order) and order[0] < 0.5 * order[1]


def test_the_distance_is_that_of_the_features_of_all_pictures(judge):
    features, probabilities = judge.evaluator.features_and_probabilities(IMAGES[:200])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    real, _ = judge.evaluator.features_and_probabilities(IMAGES)
    expected = frechet_distance(real, features, resamples=0)
    assert float(judge.fd(IMAGES[:200], resamples=0)) == pytest.approx(float(expected), rel=1e-4)
    assert judge.floor(200).n == 200


def test_samples_of_another_size_and_colour_are_brought_to_that_of_the_pictures():
    coloured = IMAGES[:60, ::2, ::2].repeat(3, axis=-1)
    judge = OwnJudge(coloured, LABELS[:60], steps=1)
    assert judge.images(IMAGES[:5]).shape == (5, 14, 14, 3)


def test_the_same_seed_judges_the_same():
    one, other, third = (
        float(OwnJudge(IMAGES[:100], steps=3, seed=seed).fd(NOISE, resamples=0))
        for seed in (1, 1, 2)
    )
    assert one == other != third


def test_more_pictures_than_it_looks_at_cost_no_more(monkeypatch):
    monkeypatch.setattr("gan_utils.judging.own.LOOKED_AT", 40)
    judge = OwnJudge(IMAGES, LABELS, steps=1)
    assert len(judge.real) == 40 and judge.right.n == 4
    known = {image.tobytes() for image in IMAGES}
    assert {image.tobytes() for image in judge.real} <= known


@pytest.mark.parametrize(
    ("pictures", "labels", "words"),
    [
        (IMAGES[:19], None, "shape (19, 28, 28, 1); give 20 or more"),
        (IMAGES[:30, 0], None, "shape (30, 28, 1); give 20"),
        (IMAGES[:30, :14], None, "14 × 28 pixels and no labels; make them square"),
        (IMAGES[:30], LABELS[:29], "30 pictures and 29 labels"),
        (IMAGES[:30] / 255, LABELS[:30], "float64"),
        (IMAGES[:30], LABELS[:30] - 1, "labels holds -1"),
    ],
)
def test_what_it_cannot_learn_from(pictures, labels, words):
    with pytest.raises(DataError) as caught:
        OwnJudge(pictures, labels, steps=1)
    assert words in one_sentence(caught)
