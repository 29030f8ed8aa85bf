"""The judge: its scores are those of the metrics on the evaluator's answers, asked for once."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from gan_utils.data import Mixture, data_dir, load_images, scale, unscale
from gan_utils.errors import DataError, ParameterError
from gan_utils.judging import Evaluator, Judge, evaluator, images_of
from gan_utils.metrics import frechet_distance
from gan_utils.networks.registry import build
from gan_utils.training.gan import GAN

TEST = load_images("mnist", "test")
DIGITS, LABELS = TEST.images[:300], TEST.labels[:300]


@pytest.fixture(scope="module")
def judge():
    return Judge("mnist")


@pytest.fixture
def passes(monkeypatch):
    """The number of images of each pass through an evaluator, as they happen."""
    seen = []
    whole = Evaluator.features_and_probabilities

    def counted(self, images):
        seen.append(len(images))
        return whole(self, images)

    monkeypatch.setattr(Evaluator, "features_and_probabilities", counted)
    return seen


def game(prior="normal"):
    keras.utils.set_random_seed(0)
    generator, discriminator, image_range = build("granada_mlp")
    return GAN(generator, discriminator, prior=prior, image_range=image_range)


# --- scores ---------------------------------------------------------------------------------------


def test_the_distance_is_that_of_the_evaluators_features(judge):
    features = evaluator("mnist").features
    expected = frechet_distance(features(TEST.images), features(DIGITS), resamples=40)
    assert judge.fd(DIGITS, resamples=40) == expected
    assert judge.fd(DIGITS).n == 300 and judge.fd(DIGITS).low < expected.value
    bare = judge.fd(DIGITS, resamples=0)
    assert bare.value == expected.value and np.isnan(bare.low)


def test_the_classes_are_those_that_numpy_counts(judge):
    few = DIGITS[np.isin(LABELS, (3, 5, 8))]
    answers = evaluator("mnist").probabilities(few).argmax(axis=1)
    counts = np.array([(answers == digit).sum() for digit in range(10)])
    np.testing.assert_array_equal(judge.histogram(few), counts)
    assert float(judge.coverage(few)) == (counts >= 0.01 * len(few)).sum()
    assert judge.coverage(few).n == len(few)
    assert float(judge.coverage(DIGITS)) == 10


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_accuracy_is_that_which_was_measured_when_the_evaluator_was_trained(name):
    judge = Judge(name)
    found = judge.accuracy(judge.test.images, judge.test.labels)
    tests = json.loads((data_dir() / "evaluators" / f"{name}.json").read_text())["tests"]
    largest = max(tests.values(), key=lambda test: test["n"])
    assert found.n == len(judge.test)
    assert found.low <= largest["accuracy"] <= found.high


def test_half_of_the_labels_exchanged_is_half_of_the_accuracy(judge):
    answers = judge.probabilities(DIGITS).argmax(axis=1)
    answers[:150] = (answers[:150] + 1) % 10
    assert float(judge.accuracy(DIGITS, answers)) == 0.5


def test_the_floor_is_the_distance_of_some_test_images_to_the_others(judge):
    order = np.random.default_rng(4).permutation(2000)
    features = evaluator("mnist").features(TEST.images)[order]
    expected = frechet_distance(features[300:], features[:300])
    floor = judge.floor(300, seed=4)
    assert floor.n == 300
    for field in ("value", "low", "high"):
        assert getattr(floor, field) == pytest.approx(getattr(expected, field), rel=1e-4)
    assert judge.floor(seed=4, resamples=0).n == judge.floor(5000, resamples=0).n == 1000
    # The same number of real and of damaged images.
    assert floor.high < judge.fd(255 - DIGITS).low


def test_other_real_images_to_compare_with(judge):
    train = load_images("mnist").images[:400]
    other = Judge("mnist", real=train)
    expected = frechet_distance(evaluator("mnist").features(train), judge.features(DIGITS))
    assert other.fd(DIGITS) == expected
    assert other.floor(resamples=0).n == 200
    assert float(other.fd(train, resamples=0)) == pytest.approx(0, abs=1e-9)
    assert len(other.test) == 2000


def test_both_answers_are_the_evaluators(judge):
    features, probabilities = judge.features_and_probabilities(DIGITS)
    np.testing.assert_array_equal(features, judge.features(DIGITS))
    np.testing.assert_array_equal(probabilities, judge.probabilities(DIGITS))
    expected = evaluator("mnist").features_and_probabilities(DIGITS)
    np.testing.assert_array_equal(features, expected[0])
    np.testing.assert_array_equal(probabilities, expected[1])


# --- what samples may be --------------------------------------------------------------------------


def test_images_of_another_size_and_in_colour_are_brought_to_28_grey_pixels(judge):
    large = DIGITS[:20].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(judge.images(large[..., [0, 0, 0]]), judge.images(large))
    by_pillow = Image.fromarray(large[3, ..., 0]).resize((28, 28), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(judge.images(large)[3, ..., 0], np.asarray(by_pillow))
    assert float(judge.accuracy(large[..., [0, 0, 0]], LABELS[:20])) >= 0.9
    assert judge.images(DIGITS) is DIGITS


def test_a_game_is_asked_for_samples_and_they_are_unscaled(judge):
    gan = game()
    expected = unscale(gan.sample(70, seed=3), 0.0, 1.0)
    np.testing.assert_array_equal(judge.images(gan, count=70, seed=3), expected)
    assert judge.fd(gan, count=70, seed=3) == judge.fd(expected)
    assert judge.coverage(gan, count=70, seed=3) == judge.coverage(expected)
    np.testing.assert_array_equal(judge.histogram(gan, count=70, seed=3), judge.histogram(expected))
    assert judge.histogram(gan).sum() == 2000


def test_any_game_with_samples_and_a_range_will_do(judge):
    class Repeats:
        image_range = (-1.0, 1.0)

        def sample(self, count, seed):
            return scale(TEST.images[seed : seed + count])

    np.testing.assert_array_equal(judge.images(Repeats(), count=40, seed=5), TEST.images[5:45])


def test_images_of_a_bare_generator_are_those_of_its_game():
    gan = game()
    found = images_of(gan.generator, 501, seed=8, image_range=(0.0, 1.0))
    assert found.shape == (501, 28, 28, 1) and found.dtype == np.uint8
    np.testing.assert_array_equal(found, unscale(gan.sample(501, seed=8), 0.0, 1.0))
    assert (found != images_of(gan.generator, 501, seed=9, image_range=(0.0, 1.0))).any()


def test_images_of_a_generator_in_bfloat16():
    generator, _, image_range = build("compact", "bfloat16")
    assert images_of(generator, 3, image_range=image_range).shape == (3, 28, 28, 1)


# --- what is remembered ---------------------------------------------------------------------------


def test_the_real_images_are_looked_at_once_and_only_when_needed(passes):
    judge = Judge("mnist")
    judge.coverage(DIGITS)
    assert passes == [300]
    judge.fd(DIGITS, resamples=0), judge.floor(resamples=0), judge.fd(255 - DIGITS, resamples=0)
    assert passes == [300, 2000, 300]


def test_several_scores_of_the_same_images_take_one_pass(passes):
    judge, gan = Judge("mnist"), game()
    judge.fd(gan, count=30, resamples=0), judge.coverage(gan, count=30)
    judge.histogram(judge.images(gan, count=30).copy())
    assert passes == [30, 2000]
    judge.features(gan, count=30, seed=1)
    assert passes == [30, 2000, 30]


def test_images_that_were_changed_in_place_are_looked_at_again():
    judge, images = Judge("mnist"), DIGITS[:50].copy()
    before = judge.histogram(images)
    images[:] = DIGITS[100:150]
    expected = evaluator("mnist").probabilities(DIGITS[100:150]).argmax(axis=1)
    np.testing.assert_array_equal(judge.histogram(images), np.bincount(expected, minlength=10))
    assert (judge.histogram(images) != before).any()


def test_only_the_last_sets_are_remembered(passes):
    judge = Judge("mnist")
    for start in range(5):
        judge.features(DIGITS[start : start + 10])
    judge.features(DIGITS[1:11])
    assert len(passes) == 5
    judge.features(DIGITS[0:10])
    assert len(passes) == 6


def test_what_is_remembered_cannot_be_changed(judge):
    for array in judge.features_and_probabilities(DIGITS):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (DIGITS / 255, r"The samples are float64 of shape \(300, 28, 28, 1\); give uint8 images"),
        (DIGITS[..., 0], r"uint8 of shape \(300, 28, 28\)"),
        (DIGITS[:0], r"uint8 of shape \(0, 28, 28, 1\)"),
        (DIGITS[..., [0, 0]], r"uint8 of shape \(300, 28, 28, 2\)"),
        (Mixture(np.zeros((1, 2)), 1.0, "point"), r"object of shape \(\).*or a GAN"),
        (keras.Sequential(), r"are a Sequential, from which the judge cannot draw.*images_of"),
        (unscale(scale(DIGITS, 0, 1), -1, 1), r"range \[0, 1\].*low=0, high=1"),
    ],
)
def test_samples_that_are_no_images(judge, samples, message):
    for score in (judge.fd, judge.coverage, judge.histogram, judge.features, judge.probabilities):
        with pytest.raises(DataError, match=message):
            score(samples)


def test_names_counts_and_labels_that_do_not_fit(judge):
    with pytest.raises(DataError, match="no evaluator 'cifar10'; choose one of mnist"):
        Judge("cifar10")
    with pytest.raises(DataError, match="no source 'half'; choose one of bundled, full"):
        Judge("mnist", "half")
    with pytest.raises(DataError, match="The samples are float64"):
        Judge("mnist", real=DIGITS / 255)
    with pytest.raises(ParameterError, match="count is 1; give a whole number from 2 on"):
        judge.floor(1)
    with pytest.raises(ParameterError, match="count is 0: give a whole number from 1 up"):
        judge.fd(game(), count=0)
    with pytest.raises(ParameterError, match="count is 0; give a whole number from 1 on"):
        images_of(game().generator, 0)
    with pytest.raises(ParameterError, match=r"reads inputs of shape \(None, 28, 28, 1\)"):
        images_of(game().discriminator)
    with pytest.raises(ParameterError, match="resamples is 7"):
        judge.fd(DIGITS, resamples=7)
    with pytest.raises(DataError, match="300 rows and labels has 20; give one label a row"):
        judge.accuracy(DIGITS, LABELS[:20])


# --- inside the classes ---------------------------------------------------------------------------


def test_distances_inside_the_classes_are_those_of_the_metric(judge):
    given, labels = TEST.images[::2], TEST.labels[::2]
    found = judge.class_fds(given, labels)
    features = evaluator("mnist").features
    real = features(TEST.images)
    expected = [
        float(frechet_distance(real[TEST.labels == c], features(given[labels == c]), resamples=0))
        for c in range(10)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    mixed = judge.class_fds(given, (labels + 1) % 10)
    assert mixed.min() > 10 * found.max()


def test_distances_inside_the_classes_need_images_of_each(judge):
    for words, images, labels in (
        ("Class 7 has 0 of the images", DIGITS, np.where(LABELS == 7, 1, LABELS)),
        ("300 images and 299 labels", DIGITS, LABELS[:299]),
        ("labels holds 10", DIGITS, LABELS + 1),
    ):
        with pytest.raises(DataError, match=words):
            judge.class_fds(images, labels)
    with pytest.raises(DataError, match="whose classes it does not know"):
        Judge("mnist", real=DIGITS).class_fds(DIGITS, LABELS)


def test_the_floor_inside_a_class_is_that_of_real_images_and_small(judge):
    floors = judge.class_floors(seed=3)
    features = evaluator("mnist").features(TEST.images)
    own = {label: features[TEST.labels == label] for label in range(10)}
    halves = [float(frechet_distance(x[::2], x[1::2], resamples=0)) for x in own.values()]
    assert floors.shape == (10,) and floors.mean() == pytest.approx(np.mean(halves), rel=0.3)
    assert (judge.class_floors(seed=3) == floors).all()
    assert (judge.class_floors(seed=4) != floors).any()
