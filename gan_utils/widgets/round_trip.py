"""There and back: images of one domain in the other, and what comes home of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ipywidgets import VBox

from gan_utils.errors import DataError, ParameterError
from gan_utils.judging import Judge
from gan_utils.judging.likeness import overall_psnr, psnr
from gan_utils.widgets.panel import Answer, Panel, Slider

IMAGES = 9  # in a row


class RoundTrip:
    """Two translators that should undo each other, and test images of both domains.

    translate: called as `translate(images, to="b")`, or with "a". Takes and returns uint8 images
        (n, h, w, c), in their order.
    a, b: test images of both domains, uint8 (n, h, w, c), at least `IMAGES` of each.
    judge: names the class of each image before and after the way there; None for no classes.

    Raises `DataError` for a and b that are no such images.
    """

    def __init__(
        self,
        translate: Callable[..., np.ndarray],
        a: np.ndarray,
        b: np.ndarray,
        judge: Judge | None = None,
    ):
        for name, images in (("a", a), ("b", b)):
            if images.dtype != np.uint8 or images.ndim != 4 or len(images) < IMAGES:
                raise DataError(
                    f"{name} is {images.dtype} of shape {images.shape}: give at least {IMAGES} "
                    f"uint8 images (n, h, w, c)."
                )
        self.translate, self.a, self.b, self.judge = translate, a, b, judge

    def from_a(self, start: int = 0) -> Answer:
        """`IMAGES` images of A from number `start` on, as B, and as A again.

        The table gives the PSNR of each image after the way back, in dB, inf where it is exact, and
        the classes that the judge names. An image keeps its class if the judge names the same one
        after the way there.

        Raises `ParameterError` for a start after which fewer images are left, `DataError`
        where the images that come back are not uint8 of the shape that was given.
        """
        return self._there_and_back(self.a, start, "a", "b")

    def from_b(self, start: int = 0) -> Answer:
        """The same from B to A and back."""
        return self._there_and_back(self.b, start, "b", "a")

    def _there_and_back(self, images: np.ndarray, start: int, home: str, other: str) -> Answer:
        last = len(images) - IMAGES
        if start not in range(last + 1):
            raise ParameterError(
                f"there are no {IMAGES} images from {start} on: give a number from 0 to {last}."
            )
        images = images[start : start + IMAGES]
        there = self.translate(images, to=other)
        back = self.translate(there, to=home)
        nearness = psnr(back, images)
        first, second = home.upper(), f"{home} → {other}".upper()
        rows = {first: images, second: there, f"{second} → {first}": back}
        table = [
            ["image", *map(str, range(start, start + IMAGES))],
            ["PSNR of the way back, dB", *(f"{value:.1f}" for value in nearness)],
        ]
        words = f"After the way back the PSNR of all nine is {overall_psnr(back, images):.1f} dB."
        if self.judge is not None:
            seen, then = (self.judge.probabilities(x).argmax(axis=1) for x in (images, there))
            for label, classes in ((first, seen), (second, then)):
                names = (self.judge.test.class_names[number] for number in classes)
                table.append([f"judged {label}", *names])
            words = f"{np.sum(seen == then)} of {IMAGES} images keep their class. {words}"
        return Answer(words, rows, table)


def round_trip(views: RoundTrip) -> VBox:
    """Both ways with a slider each, one below the other; the second is closed at first."""
    from_a, from_b = (
        Slider("start", "first image", 0, len(images) - IMAGES, 1, 0)
        for images in (views.a, views.b)
    )
    return VBox(
        [
            Panel("From A to B and back", [from_a], views.from_a),
            Panel("From B to A and back", [from_b], views.from_b, open=False),
        ]
    )
