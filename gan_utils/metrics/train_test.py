"""GAN-train and GAN-test: what a classifier learns from generated images, and says of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError
from gan_utils.metrics.arrays import as_labels, as_numbers
from gan_utils.metrics.score import Score, check_level, proportion


@dataclass(frozen=True)
class GANTrainTest:
    """The scores that `gan_train_test` gives: shares of images classified as labelled, 0 to 1.

    Attributes:
        gan_train: trained on generated images, tested on real test images. Falls when images
            are poor, and when variety is missing.
        gan_test: trained on real images, tested on generated ones. Falls when images are poor;
            above `real`, it says that they are easier, and so less varied, than real ones.
        real: trained on real images, tested on real test images: the baseline of both.
    """

    gan_train: Score
    gan_test: Score
    real: Score


def gan_train_test(
    real: tuple[ArrayLike, ArrayLike],
    fake: tuple[ArrayLike, ArrayLike],
    test: tuple[ArrayLike, ArrayLike],
    classifier: Callable[[], Any] | None = None,
    level: float = 0.95,
) -> GANTrainTest:
    """Measure GAN-train and GAN-test (Shmelkov et al. 2018, arXiv:1807.09499, section 3).

    Give as many generated images as real ones: a classifier that has seen more is better for
    that reason alone. Intervals are Wilson's over the images tested; that another training of
    the classifier gives another result is not in them.

    Args:
        real, fake, test: pairs of items (n, ...) and labels (n,), whole numbers from 0 on. The
            labels of generated images are the classes that the generator was asked for.
        classifier: makes an untrained classifier with scikit-learn's `fit` and `predict`, which
            take items as float64 rows (n, values an item). By default a support vector machine
            with scikit-learn's settings: on 5,000 digits it takes seconds.
        level: share of such intervals that hold the true share.

    Raises:
        DataError: not numbers, not finite, items of different size, labels that are not whole
            numbers from 0 on or not as many as items, or a training set of one class.
        ParameterError: a level outside (0, 1).
    """
    check_level(level)
    if classifier is None:
        from sklearn.svm import SVC as classifier  # loads slowly, and is rarely needed

    sets = {"real": real, "fake": fake, "test": test}
    checked = {name: _labelled(pair, name) for name, pair in sets.items()}
    widths = {name: items.shape[1] for name, (items, _) in checked.items()}
    if len(set(widths.values())) > 1:
        raise DataError(f"The items have {widths} values each; give images of one size.")

    def trained(name: str) -> Any:
        items, labels = checked[name]
        if len(np.unique(labels)) < 2:
            raise DataError(f"All labels of {name} are {labels[0]}; give at least two classes.")
        return classifier().fit(items, labels)

    def tested(model: Any, name: str) -> Score:
        items, labels = checked[name]
        return proportion(int(np.sum(model.predict(items) == labels)), len(labels), level)

    of_real, of_fake = trained("real"), trained("fake")
    return GANTrainTest(tested(of_fake, "test"), tested(of_real, "fake"), tested(of_real, "test"))


def _labelled(pair: tuple[ArrayLike, ArrayLike], name: str) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DataError(f"{name} is no pair; give the items and their labels, (items, labels).")
    items, labels = pair
    rows = as_numbers(items, name)
    if rows.ndim < 2 or rows.size == 0:
        raise DataError(f"{name} has shape {rows.shape}; give items along the first axis.")
    classes = as_labels(labels, f"the labels of {name}", np.iinfo(np.int32).max)
    if len(classes) != len(rows):
        raise DataError(f"{name} has {len(rows)} items and {len(classes)} labels; give one each.")
    return rows.reshape(len(rows), -1), classes
