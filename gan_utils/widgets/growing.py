"""What a growing generator draws at each stage, and while new layers come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ipywidgets import VBox

from gan_utils.data import unscale
from gan_utils.errors import ParameterError
from gan_utils.streams import latent_vectors
from gan_utils.widgets.panel import Answer, Panel, Slider

IMAGES = 9  # in a row
FIRST = 90  # the highest number that a row may begin with


class Growing:
    """The generators of a ProGAN as they were at the end of each stage, by size.

    stages: one for each stage, called with `[latent vectors (n, latent_dim), shares (n, 1)]`, both
        float32. Gives images (n, side, side, c) in [−1, 1]; the sides double.
    latent_dim: numbers in a latent vector.

    Latent vectors have numbers, so that a number stands for the same one at every stage. Raises
    `ParameterError` for fewer than two stages, and for sides that do not double.
    """

    def __init__(self, stages: Sequence[Callable], latent_dim: int):
        self.z = latent_vectors(FIRST + IMAGES, latent_dim, seed=0)
        self.stages = tuple(stages)
        self.sides = [self._raw(stage, 0, 1.0).shape[1] for stage in range(len(self.stages))]
        doubled = [self.sides[0] * 2**stage for stage in range(len(self.sides))] if stages else []
        if len(self.sides) < 2 or self.sides != doubled:
            raise ParameterError(
                f"the stages draw images of {self.sides} pixels: give the generators of two stages "
                f"or more, in their order, each of which doubles the side."
            )

    def sizes(self, first: int = 0) -> Answer:
        """`IMAGES` latent vectors from number `first` on, at all stages with all their layers.

        A row a stage, enlarged to the last one's size by repeating pixels. The words tell how far
        the images of a stage are from those of the next one, in grey levels, both at the smaller
        size. Raises `ParameterError` for a number below 0 or above 90.
        """
        drawn = [self._drawn(stage, first, 1.0) for stage in range(len(self.sides))]
        rows = {_by(side): images for side, images in zip(self.sides, drawn, strict=True)}
        changes = [
            np.abs(_coarse(after, side) - _coarse(before, side)).mean()
            for before, after, side in zip(drawn[:-1], drawn[1:], self.sides[:-1], strict=True)
        ]
        told = [
            f"{change:.1f} grey levels to {_by(side)}"
            for change, side in zip(changes, self.sides[1:], strict=True)
        ]
        words = f"Seen at the smaller size, the images changed by {' and by '.join(told)}."
        return Answer(words, rows)

    def fade(self, stage: int = 1, share: float = 0.5, first: int = 0) -> Answer:
        """The same latent vectors with a share of the newest layers of a stage, from 0 to 1.

        Rows: the old layers alone, the mixture, the new ones alone. Raises `ParameterError` for a
        stage that has nothing to fade or is not there, and for a share or a number out of range.
        """
        if stage not in range(1, len(self.sides)):
            raise ParameterError(
                f"stage {stage} has nothing to fade: give a number from 1 to {len(self.sides) - 1}."
            )
        if not 0.0 <= share <= 1.0:
            raise ParameterError(f"the share is {share}: give a number from 0 to 1.")
        ends = [self._drawn(stage, first, end) for end in (0.0, 1.0)]
        mixed = self._drawn(stage, first, share)
        rows = {
            f"{_by(self.sides[stage - 1])}, enlarged": ends[0],
            f"α {share:.2f}": mixed,
            f"{_by(self.sides[stage])}, new": ends[1],
        }
        old, new = (np.abs(mixed.astype(float) - end).mean() for end in ends)
        words = (
            f"At α {share:.2f} a pixel is on average {old:.1f} grey levels from what the old "
            f"layers draw and {new:.1f} from what the new ones do."
        )
        return Answer(words, rows)

    def _raw(self, stage: int, first: int, share: float) -> np.ndarray:
        if first not in range(FIRST + 1):
            raise ParameterError(f"latent vector {first} is not there: give one from 0 to {FIRST}.")
        shares = np.full((IMAGES, 1), share, np.float32)
        return np.asarray(self.stages[stage]([self.z[first : first + IMAGES], shares]))

    def _drawn(self, stage: int, first: int, share: float) -> np.ndarray:
        images = unscale(np.clip(self._raw(stage, first, share), -1, 1))
        times = self.sides[-1] // self.sides[stage]
        return images.repeat(times, axis=1).repeat(times, axis=2)


def growing(views: Growing) -> VBox:
    """All sizes with a slider for the latent vectors, and a fade with one more for stage and α."""
    first = Slider("first", "first latent vector", 0, FIRST, 1, 0)
    last = len(views.sides) - 1
    fading = [
        Slider("stage", "stage", 1, last, 1, last),
        Slider("share", "α", 0, 1, 0.05, 0.5),
        first,
    ]
    return VBox(
        [
            Panel("From stage to stage", [first], views.sizes),
            Panel("New layers come in", fading, views.fade, open=False),
        ]
    )


def _by(side: int) -> str:
    return f"{side} × {side}"


def _coarse(images: np.ndarray, side: int) -> np.ndarray:
    """The means of squares of pixels, float (n, side, side, c)."""
    count, height, _, channels = images.shape
    part = height // side
    return images.reshape(count, side, part, side, part, channels).mean(axis=(2, 4))
