"""A panel: sliders in the browser, and pictures and a table that answer them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from PIL import Image

from gan_utils.errors import CourseError, ParameterError
from gan_utils.figures import mosaic
from gan_utils.widgets.busy import kernel

HERE = Path(__file__).parent
BUSY = "A cell is running: the widget goes on when it has ended."


def script(*names: str) -> str:
    """A widget's script from its files, after the part that all of them share."""
    parts = [(HERE / file).read_text(encoding="utf-8") for file in ("asking.js", *names)]
    return "\n".join(parts)


def reply(
    widget: anywidget.AnyWidget,
    ask: dict,
    work: Callable[[], tuple[dict, Sequence[bytes]]],
    with_error: Callable[[], dict] = dict,
) -> None:
    """Answer a question of the browser with what `work` returns: content, and buffers.

    What the reader can mend is shown in its one sentence, with what `with_error` gives; any other
    fault goes on to the Jupyter kernel's log as well. While a cell runs, `BUSY` is all that is
    answered: it may be training what the widget shows.
    """
    number = {"id": ask.get("id")}
    try:
        with kernel.lock:
            if kernel.busy:
                widget.send(number | {"busy": BUSY})
                return
            content, buffers = work()
    except CourseError as error:
        widget.send(number | with_error() | {"error": str(error)})
    except KeyboardInterrupt:
        widget.send(number | {"error": "Stopped, because the kernel was interrupted."})
    except Exception as error:
        widget.send(number | {"error": f"{type(error).__name__}: {error}"})
        raise
    else:
        widget.send(number | content, buffers)


@dataclass(frozen=True)
class Slider:
    """One control: values from low to high in steps, at first `value`."""

    name: str
    label: str
    low: float
    high: float
    step: float
    value: float

    def check(self, value: object) -> float:
        """The value as a number; ParameterError for one that the slider cannot have."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ParameterError(f"{self.name} is {value!r}: give a number.")
        steps = (value - self.low) / self.step
        if not self.low <= value <= self.high or abs(steps - round(steps)) > 1e-6:
            raise ParameterError(
                f"{self.name} is {value}: give a number from {self.low} to {self.high} in steps "
                f"of {self.step}."
            )
        return self.low + round(steps) * self.step


@dataclass(frozen=True)
class Pad:
    """A square of `size` × `size` pixels to draw on, at first empty.

    brush: side of what one touch draws, in pixels. ink, paper: colours, as CSS names them.
    """

    name: str
    label: str
    size: int
    brush: int = 1
    ink: str = "white"
    paper: str = "black"

    def check(self, value: object) -> np.ndarray:
        """What is drawn, bool (size, size); ParameterError for a text of anything else."""
        pixels = self.size * self.size
        if not isinstance(value, str) or len(value) != pixels or set(value) - {"0", "1"}:
            raise ParameterError(f"{self.name} is no drawing: give {pixels} characters 0 or 1.")
        return (np.frombuffer(value.encode(), np.uint8) == ord("1")).reshape(self.size, self.size)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a panel shows.

    rows: by their labels, uint8 images (n, h, w, c), which stand side by side.
    table: lines of cells, the first of which is the head; empty for none.
    words: the same in a sentence, which screen readers speak.
    backdrop: a uint8 image (h, w, c) that lies below the drawing from now on.
    """

    words: str
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    table: Sequence[Sequence[str]] = ()
    backdrop: np.ndarray | None = None


def _png(images: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(mosaic(images, len(images))).save(buffer, format="png")
    return buffer.getvalue()


class Panel(anywidget.AnyWidget):
    """Sliders, perhaps a pad to draw on, and the `Answer` of a plain function to their values.

    answer: takes the values by the names of the sliders and of the pad. While one answer is under
        way the browser waits, and then asks for the newest values only.
    open: whether it shows more than its title.
    """

    _esm = script("pad.js", "panel.js")
    _css = HERE / "panel.css"
    setup = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        title: str,
        sliders: Sequence[Slider],
        answer: Callable[..., Answer],
        open: bool = True,
        pad: Pad | None = None,
    ):
        self.answer, self.controls = answer, {slider.name: slider for slider in sliders}
        self.at_first = {slider.name: slider.value for slider in sliders}
        setup = {"title": title, "sliders": [asdict(s) for s in sliders], "open": open}
        if pad:
            self.controls[pad.name] = pad
            self.at_first[pad.name] = "0" * pad.size**2
            setup["pad"] = asdict(pad)
        super().__init__(setup=setup)
        kernel.watch()
        self.on_msg(self._on_ask)

    def answer_to(self, values: dict) -> Answer:
        """The answer to these values; ParameterError for an unknown name or one out of range."""
        for name in set(values) - set(self.controls):
            raise ParameterError(f"{name!r} is no control: there are {', '.join(self.controls)}.")
        given = self.at_first | values
        return self.answer(**{name: self.controls[name].check(v) for name, v in given.items()})

    def _on_ask(self, _, ask, __) -> None:
        def work() -> tuple[dict, list[bytes]]:
            answer = self.answer_to(ask.get("values", {}))
            content = {"words": answer.words, "labels": list(answer.rows), "table": answer.table}
            shown = list(answer.rows.values())
            if answer.backdrop is not None:
                content["backdrop"] = True
                shown.append(answer.backdrop[None])
            return content, [_png(images) for images in shown]

        reply(self, ask, work)
