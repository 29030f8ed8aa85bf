"""What a growing generator draws at each stage, and while new layers come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np
from ipywidgets import VBox

from gan_utils.data import unscale
from gan_utils.data.tasks import enlarge
from gan_utils.errors import DataError, ParameterError
from gan_utils.streams import latent_vectors
from gan_utils.widgets.panel import Answer, Panel, Slider

IMAGES = 9  # in a row
FIRST = 90  # the highest number that a row may begin with


class Growing:
    """The generators of a ProGAN as they were at the end of each stage, by size.

    stages: one for each stage, called with `[latent vectors (n, latent_dim), shares (n, 1)]`, both
        float32. Gives images (n, side, side, c) in [−1, 1], c = 1 or 3, cut to that range; the
        sides double.
    latent_dim: numbers in a latent vector.

    Latent vectors have numbers, so that a number stands for the same one at every stage. Raises
    `ParameterError` for fewer than two stages, for sides that do not double, and for a stage that
    reads something else; `DataError` for one that draws no such images.
    """

    def __init__(self, stages: Sequence[Callable], latent_dim: int):
        self.z = latent_vectors(FIRST + IMAGES, latent_dim, seed=0)
        self.stages = tuple(stages)
        for number, stage in enumerate(self.stages):
            _check_reads(number, stage, latent_dim)
        shapes = [self._raw(stage, 0, 1.0).shape[1:] for stage in range(len(self.stages))]
        self.sides = [shape[0] for shape in shapes]
        if len({shape[2] for shape in shapes}) > 1:
            raise ParameterError(
                f"the stages draw images of {[shape[2] for shape in shapes]} channels: give "
                f"generators that are all grey or all in colour."
            )
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

        Rows: what the stage before drew when it ended, the old layers alone as they are now, the
        mixture, the new ones alone. The first two are the same until the stage trains: its old
        layers go on learning, and the layer that made images of them stands still after the fade.
        The words tell how far they have gone apart, in grey levels. Raises `ParameterError` for a
        stage that has nothing to fade or is not there, and for a share or a number out of range.
        """
        if stage not in range(1, len(self.sides)):
            raise ParameterError(
                f"stage {stage} has nothing to fade: give a number from 1 to {len(self.sides) - 1}."
            )
        if not 0.0 <= share <= 1.0:
            raise ParameterError(f"the share is {share}: give a number from 0 to 1.")
        stage = int(stage)
        before = self._drawn(stage - 1, first, 1.0)
        ends = [self._drawn(stage, first, end) for end in (0.0, 1.0)]
        mixed = self._drawn(stage, first, share)
        rows = {
            f"{_by(self.sides[stage - 1])}, as it ended": before,
            "its layers now": ends[0],
            f"mixed, α {share:.2f}": mixed,
            f"{_by(self.sides[stage])}, new": ends[1],
        }
        old, new = (np.abs(mixed.astype(float) - end).mean() for end in ends)
        moved = np.abs(ends[0].astype(float) - before).mean()
        words = (
            f"At α {share:.2f} a pixel is on average {old:.1f} grey levels from what the old "
            f"layers draw and {new:.1f} from what the new ones do. The old layers alone now draw "
            f"{moved:.1f} grey levels away from the image of {_by(self.sides[stage - 1])}."
        )
        return Answer(words, rows)

    def _raw(self, stage: int, first: int, share: float) -> np.ndarray:
        if first not in range(FIRST + 1):
            raise ParameterError(f"latent vector {first} is not there: give one from 0 to {FIRST}.")
        shares, first = np.full((IMAGES, 1), share, np.float32), int(first)
        images = np.asarray(self.stages[stage]([self.z[first : first + IMAGES], shares]))
        shape = images.shape
        square = len(shape) == 4 and shape[0] == IMAGES and shape[1] == shape[2]
        if not square or shape[3] not in (1, 3) or images.dtype.kind in "biu":
            raise DataError(
                f"stage {stage} draws {images.dtype} of shape {shape} for {IMAGES} latent vectors: "
                f"give a generator of square images (n, side, side, 1 or 3), floats in [−1, 1]."
            )
        if not np.isfinite(images.astype(np.float32)).all():
            raise DataError(
                f"stage {stage} draws numbers that are not finite: give the generators of a "
                f"training that has not diverged."
            )
        return images

    def _drawn(self, stage: int, first: int, share: float) -> np.ndarray:
        images = unscale(np.clip(self._raw(stage, first, share), -1, 1))
        return enlarge(images, self.sides[-1] // self.sides[stage])


def growing(views: Growing) -> VBox:
    """All sizes with a slider for the latent vectors, and a fade with one more for stage and α."""
    first = Slider("first", "first latent vector", 0, FIRST, 1, 0)
    last = len(views.sides) - 1
    sides = ", ".join(map(str, views.sides[1:]))
    fading = [
        Slider("stage", f"stage, of {sides} pixels", 1, last, 1, last),
        Slider("share", "α", 0, 1, 0.05, 0.5),
        first,
    ]
    return VBox(
        [
            Panel("From stage to stage", [first], views.sizes),
            Panel("New layers come in", fading, views.fade, open=False),
        ]
    )


def _check_reads(number: int, stage: Callable, latent_dim: int) -> None:
    """Refuse what cannot be called, and a network of other inputs than z and shares."""
    if not callable(stage):
        raise ParameterError(f"stage {number} is {stage!r}: give a generator that can be called.")
    if isinstance(stage, keras.Model) and stage.built:
        shapes = [tuple(given.shape[1:]) for given in stage.inputs]
        if shapes != [(latent_dim,), (1,)]:
            raise ParameterError(
                f"stage {number} reads {shapes}: give a generator that reads latent vectors of "
                f"{latent_dim} numbers and one share each, {[(latent_dim,), (1,)]}."
            )


def _by(side: int) -> str:
    return f"{side} × {side}"


def _coarse(images: np.ndarray, side: int) -> np.ndarray:
    """The means of squares of pixels, float (n, side, side, c)."""
    count, height, _, channels = images.shape
    part = height // side
    return images.reshape(count, side, part, side, part, channels).mean(axis=(2, 4))
