"""GAN-train and GAN-test on clouds of points, where the best accuracy is known."""

import numpy as np
import pytest
import scipy.stats
from sklearn.neighbors import KNeighborsClassifier

from gan_utils.errors import DataError
from gan_utils.metrics import GANTrainTest, gan_train_test, proportion

# The four corners of a square; the classes of corners side by side differ (exclusive or).
CORNERS = 10 * np.array([[0, 0], [1, 1], [0, 1], [1, 0]])
CORNER_CLASSES = np.array([0, 0, 1, 1])


def clouds(n, rng, distance=1.0):
    """Two normal clouds at ± distance: the best that can be done is Φ(distance) of them right."""
    labels = np.arange(n) % 2
    items = rng.normal(size=(n, 2))
    items[:, 0] += np.where(labels == 1, distance, -distance)
    return items, labels


def corners(chosen, rng):
    """Points around the chosen corners, with the classes of these."""
    return CORNERS[chosen] + rng.normal(size=(len(chosen), 2)), CORNER_CLASSES[chosen]


class Nearest:
    """Predicts the class of the nearest mean, and remembers what it was given."""

    made: list  # by the test

    def __init__(self):
        self.made.append(self)

    def fit(self, items, labels):
        self.items, self.labels = items, labels
        self.classes = np.unique(labels)
        self.means = np.array([items[labels == c].mean(axis=0) for c in self.classes])
        return self

    def predict(self, items):
        return self.classes[((items[:, None] - self.means) ** 2).sum(axis=2).argmin(axis=1)]


@pytest.fixture
def nearest():
    """A class of classifiers with a list of those made."""
    return type("Nearest", (Nearest,), {"made": []})


def test_a_perfect_generator_reaches_the_best_accuracy(nearest):
    rng = np.random.default_rng(1)
    sets = clouds(1000, rng), clouds(1000, rng), clouds(4000, rng)
    best = scipy.stats.norm.cdf(1)  # 84 %
    for classifier, slack in ((nearest, 0.003), (None, 0.02)):
        found = gan_train_test(*sets, classifier=classifier, level=0.999)
        for score in (found.gan_train, found.gan_test, found.real):
            assert score.low - slack < best < score.high + slack
    assert (found.gan_train.n, found.gan_test.n, found.real.n) == (4000, 1000, 4000)


def test_shuffled_labels_are_worth_nothing():
    rng = np.random.default_rng(2)
    items, labels = clouds(500, rng, distance=3)
    shuffled = items, rng.permutation(labels)
    # The label of the nearest image; any smoother rule would be right or wrong for a whole cloud.
    found = gan_train_test(
        clouds(500, rng, 3),
        shuffled,
        clouds(500, rng, 3),
        classifier=lambda: KNeighborsClassifier(1),
        level=0.999,
    )
    assert found.gan_test.low < 0.5 < found.gan_test.high
    assert found.gan_train.value == pytest.approx(0.5, abs=0.1)
    assert found.real.value > 0.99


def test_swapped_labels_are_worse_than_nothing():
    rng = np.random.default_rng(3)
    items, labels = clouds(200, rng, distance=4)
    found = gan_train_test(clouds(200, rng, 4), (items, 1 - labels), clouds(200, rng, 4))
    assert (found.gan_train.value, found.gan_test.value, found.real.value) == (0, 0, 1)


def test_missing_variety_lowers_gan_train_alone():
    """One corner of each class: what lies at the others is taken for the other class."""
    rng = np.random.default_rng(4)
    every, half = np.arange(400) % 4, 2 * (np.arange(400) % 2)  # corners 0 to 3, and 0 and 2
    real, test = corners(every, rng), corners(every, rng)
    varied = gan_train_test(real, corners(every, rng), test)
    narrow = gan_train_test(real, corners(half, rng), test)
    assert varied.gan_train.value == varied.gan_test.value == varied.real.value == 1
    assert narrow.gan_test.value == narrow.real.value == 1
    assert narrow.gan_train.value == pytest.approx(0.5, abs=0.05)


def test_one_prototype_a_class_is_easier_than_real_images():
    """Nothing but the means: gan_test rises above the baseline, which is the sign of it."""
    rng = np.random.default_rng(5)
    labels = np.arange(200) % 2
    prototypes = np.array([[-1.0, 0.0], [1.0, 0.0]])[labels], labels
    found = gan_train_test(clouds(1000, rng), prototypes, clouds(1000, rng))
    assert found.gan_test.value == 1 > found.real.high


def test_three_sets_and_what_is_counted_on_them(nearest):
    """By hand: means of real are 0 and 10, those of generated items 0 and 4."""
    real = [[-1.0], [1.0], [9.0], [11.0]], [0, 0, 3, 3]
    fake = [[0.0], [0.0], [4.0]], [0, 0, 3]
    test = [[1.0], [3.0], [4.5], [6.0], [-5.0]], [0, 0, 0, 3, 3]
    found = gan_train_test(real, fake, test, nearest, level=0.8)
    # The middle of generated items is 2: right are 1, 6. The middle of real ones is 5: right are
    # 1, 3, 4.5 and 6 of the test items, and both zeros of the generated ones.
    assert found == GANTrainTest(
        gan_train=proportion(2, 5, 0.8), gan_test=proportion(2, 3, 0.8), real=proportion(4, 5, 0.8)
    )
    assert [model.items.ravel().tolist() for model in nearest.made] == [
        [-1, 1, 9, 11],
        [0, 0, 4],
    ]


def test_images_reach_the_classifier_as_rows_of_float64(nearest):
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, size=(12, 3, 2, 1), dtype=np.uint8)
    labels = (np.arange(12) % 3).astype(np.uint8)
    gan_train_test((images, labels), (images, labels), (images, labels), nearest)
    assert len(nearest.made) == 2
    for model in nearest.made:
        assert model.items.dtype == np.float64 and model.labels.dtype == np.int64
        assert np.array_equal(model.items, images.reshape(12, 6))


def test_a_class_that_is_never_generated_is_never_found(nearest):
    rng = np.random.default_rng(7)
    three = 100 * np.arange(300)[:, None] % 300 + rng.normal(size=(300, 1)), np.arange(300) % 3
    two = three[0][three[1] < 2], three[1][three[1] < 2]
    found = gan_train_test(three, two, three, nearest)
    assert found.gan_train.value == pytest.approx(2 / 3)
    assert found.gan_test.value == 1 == found.real.value


@pytest.mark.parametrize("pair", [np.zeros((4, 3)), (np.zeros((4, 3)),), None])
def test_what_is_no_pair_is_named(pair):
    good = np.zeros((4, 3)), [0, 1, 0, 1]
    with pytest.raises(DataError, match="fake is no pair; give the items and their labels"):
        gan_train_test(good, pair, good)
