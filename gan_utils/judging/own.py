"""A judge of pictures that no bundled evaluator knows: what it looks for is learned from them."""

from __future__ import annotations

import keras
import numpy as np

from gan_utils.errors import DataError
from gan_utils.judging.feature_judge import FeatureJudge
from gan_utils.judging.learner import trained_learner
from gan_utils.metrics import Score, proportion

LOOKED_AT = 10_000  # pictures that are learned from and compared with; more are chosen from
HELD_OUT = 10  # one picture in so many is not learned from
BATCH = 500


class OwnJudge(FeatureJudge):
    """Fréchet distances of one's own pictures, by a small classifier that is trained on them.

    pictures: uint8 (n, height, width, 1 or 3), 20 or more.
    labels: their classes, whole numbers from 0 up, (n,). Without them the classifier learns to tell
        by how many quarters of a turn a picture was turned (Gidaris et al. 2018, section 2), for
        which it has to know what is up in them; the pictures must be square then.
    steps, seed: of the classifier's training, as in `trained_learner`; the seed also chooses what
        is held out, and which pictures are looked at where there are more than 10,000.

    `right` is the share of held-out pictures that the classifier names correctly. Where it is
    hardly above chance, its distances say little. Samples are compared with all pictures that are
    looked at. Raises `DataError` for pictures and labels that do not fit.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        labels: np.ndarray | None = None,
        steps: int = 1000,
        seed: int = 0,
    ) -> None:
        if np.ndim(pictures) != 4 or len(pictures) < 2 * HELD_OUT:
            raise DataError(
                f"The pictures have shape {np.shape(pictures)}; give {2 * HELD_OUT} or more, "
                f"(n, height, width, 1 or 3)."
            )
        if labels is None and pictures.shape[1] != pictures.shape[2]:
            raise DataError(
                f"The pictures have {pictures.shape[1]} × {pictures.shape[2]} pixels and no labels;"
                f" make them square, so that they can be turned, or give labels."
            )
        if labels is not None and len(labels) != len(pictures):
            raise DataError(
                f"There are {len(pictures)} pictures and {len(labels)} labels; give one each."
            )
        # In their order, so that a picture's number does not change with what is chosen.
        chosen = np.random.default_rng(seed).permutation(len(pictures))[:LOOKED_AT]
        chosen, held_out = np.sort(chosen), np.arange(min(len(pictures), LOOKED_AT)) % HELD_OUT == 0
        looked_at = pictures[chosen]
        known = None if labels is None else np.asarray(labels)[chosen]
        learned = _task(looked_at[~held_out], None if known is None else known[~held_out])
        asked, truth = _task(looked_at[held_out], None if known is None else known[held_out])
        classes = 4 if labels is None else int(np.max(labels)) + 1
        super().__init__(
            Learned(trained_learner(*learned, steps=steps, seed=seed, classes=classes)), looked_at
        )
        answers = self.probabilities(asked).argmax(axis=1)
        self.right: Score = proportion(int(np.sum(answers == truth)), len(truth))


class Learned:
    """A trained learner that tells its features, too: the layer before the logits."""

    def __init__(self, learner: keras.Model) -> None:
        self.shape = tuple(learner.inputs[0].shape[1:])
        self._both = keras.Model(learner.inputs, [learner.layers[-2].output, learner.outputs[0]])

    def features_and_probabilities(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 images (n, *shape) → features (n, 64) and probabilities (n, classes)."""
        features, logits = self._both.predict(images, batch_size=BATCH, verbose=0)
        return features, keras.ops.convert_to_numpy(keras.ops.softmax(logits))


def _task(pictures: np.ndarray, labels: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The pictures with their labels, or each turned four ways with the number of turns."""
    if labels is not None:
        return pictures, labels
    turned = [np.rot90(pictures, turns, axes=(1, 2)) for turns in range(4)]
    return np.concatenate(turned), np.repeat(np.arange(4), len(pictures))
