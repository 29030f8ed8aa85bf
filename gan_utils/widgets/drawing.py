"""Two sheets to draw on: lines that become a garment, and a hole that is filled again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gan_utils.data.tasks import erase
from gan_utils.errors import DataError, ParameterError
from gan_utils.figures import COLOURS
from gan_utils.judging import Judge
from gan_utils.judging.likeness import psnr
from gan_utils.widgets.panel import Answer, Pad, Panel, Slider

SIZE = 28  # pixels of a side


class Sketcher:
    """A translator from lines to garments, and what a judge says of the garments.

    translate: edge images, uint8 (n, 28, 28, 1), → garments of the same shape, uint8.
    examples: edge images to begin with, uint8 (n, 28, 28, 1), white lines on black.

    Raises `DataError` for examples that are no such images.
    """

    def __init__(
        self, translate: Callable[[np.ndarray], np.ndarray], examples: np.ndarray, judge: Judge
    ):
        self.translate, self.judge = translate, judge
        self.examples = _checked("examples", examples)

    def draw(self, drawn: np.ndarray, example: int = 0) -> Answer:
        """The garment whose lines are those of an example and those drawn, and its class.

        drawn: bool (28, 28), where there are lines. example: 0 for none, k for the k-th; its lines
        are the backdrop. An empty sheet has no rows.

        Raises `ParameterError` for an example that is not there and a drawing of another shape,
        `DataError` where `translate` returns no such images.
        """
        if example not in range(len(self.examples) + 1):
            raise ParameterError(
                f"there is no example {example}: give a number from 1 to {len(self.examples)}, or "
                f"0 for none."
            )
        below = self.examples[example - 1] if example else np.zeros((SIZE, SIZE, 1), np.uint8)
        lines = np.maximum(below, np.uint8(255) * _sheet(drawn))
        if not lines.any():
            return Answer("Draw the lines of a garment, or choose an example.", backdrop=below)
        garment = _checked("what translate returns", self.translate(lines[None]))
        shares = self.judge.probabilities(garment)[0]
        name = self.judge.test.class_names[shares.argmax()]
        words = f"The judge takes it for the class {name} ({100 * shares.max():.0f} %)."
        return Answer(words, {"lines": lines[None], "garment": garment}, backdrop=below)


class Eraser:
    """Images to rub holes into, and ways to fill them.

    images: uint8 (n, 28, 28, 1).
    complete: by its label, a function of one erased image (1, 28, 28, 1), which is grey where
        pixels are missing, and of where they are, bool (1, 28, 28, 1). It returns one completion or
        several, uint8 (m, 28, 28, 1), best first.

    Raises `DataError` for other images, `ParameterError` where `complete` is empty.
    """

    def __init__(
        self,
        images: np.ndarray,
        complete: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]],
    ):
        if not complete:
            raise ParameterError("there is no way to complete an image: give at least one.")
        self.images, self.complete = _checked("images", images), dict(complete)

    def rub_out(self, drawn: np.ndarray, image: int = 0) -> Answer:
        """An image without the pixels that are drawn, its completions and the truth.

        drawn: bool (28, 28), the hole. image: its number, from 0 on; it is the backdrop. The table
        gives the PSNR of each way's first completion inside the hole, inf where it is exact.

        Raises `ParameterError` for an image that is not there and a drawing of another shape,
        `DataError` for a hole that covers everything and where a way returns no such images.
        """
        if image not in range(len(self.images)):
            raise ParameterError(
                f"there is no image {image}: give a number from 0 to {len(self.images) - 1}."
            )
        truth, hole = self.images[image : image + 1], _sheet(drawn)[None]
        if not hole.any():
            words = "Draw a hole into the image, and see how it is filled."
            return Answer(words, {"image": truth}, backdrop=truth[0])
        erased = erase(truth, hole[0])
        filled = {
            label: _checked(f"what {label!r} returns", way(erased, hole))
            for label, way in self.complete.items()
        }
        table = [["completion", "PSNR in the hole, dB"]]
        for label, images in filled.items():
            table.append([label, f"{psnr(images[:1], truth, hole)[0]:.1f}"])
        ways = ", ".join(f"{label} {value} dB" for label, value in table[1:])
        words = f"{hole.sum()} of {hole.size} pixels are missing. PSNR in the hole: {ways}."
        return Answer(words, {"erased": erased, **filled, "truth": truth}, table, truth[0])


def sketch_pad(sketcher: Sketcher) -> Panel:
    """A sheet for lines, with a slider for the example that lies below them."""
    example = Slider("example", "example, 0 for none", 0, len(sketcher.examples), 1, 0)
    return Panel("Draw a garment", [example], sketcher.draw, pad=Pad("drawn", "your lines", SIZE))


def eraser_pad(eraser: Eraser) -> Panel:
    """An image to draw a hole into, with a slider for which."""
    image = Slider("image", "image", 0, len(eraser.images) - 1, 1, 0)
    hole = Pad("drawn", "the hole", SIZE, brush=3, ink=COLOURS["generated"])
    return Panel("Rub out a part", [image], eraser.rub_out, pad=hole)


def _checked(name: str, images: np.ndarray) -> np.ndarray:
    """The images; `DataError` with this name unless they are uint8 (n, 28, 28, 1), n ≥ 1."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE, 1) or not len(images):
        raise DataError(
            f"{name} is {images.dtype} of shape {images.shape}: give uint8 images "
            f"(n, {SIZE}, {SIZE}, 1), at least one."
        )
    return images


def _sheet(drawn: np.ndarray) -> np.ndarray:
    """What is drawn, bool (28, 28, 1); `ParameterError` for another shape."""
    drawn = np.asarray(drawn, bool)
    if drawn.shape != (SIZE, SIZE):
        raise ParameterError(f"drawn has shape {drawn.shape}: give {(SIZE, SIZE)}.")
    return drawn[..., None]
