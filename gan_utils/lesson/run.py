"""One run of a lesson: checked parameters, a seed, a folder, and a result written last.

A notebook calls `run = start("03_dcgan_fashion")` right after its parameters cell, saves its
pictures and scores through `run`, and ends with `run.finish()`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan_utils.errors import CourseError, OutputError, ParameterError
from gan_utils.files import make_folder, write_atomically
from gan_utils.lesson.history import find_parameters, running_shell, sources
from gan_utils.lesson.keras_ready import load_keras
from gan_utils.lesson.parameters import check, check_together
from gan_utils.lesson.result import circumstances, unused_gpu

if TYPE_CHECKING:
    import keras
    import tensorflow as tf
    from matplotlib.figure import Figure

    from gan_utils.fast.precision import Precision
    from gan_utils.training.callbacks import Backup

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
GENERATOR = "generator.keras"
OF_PAPERMILL = "PAPERMILL_"  # what its option --inject-paths adds begins so


@dataclass
class Run:
    """A started run: `values` holds the checked parameters, `folder` takes the files.

    `precision` is the number format to build networks in, and `strategy` the devices to build
    them on, for lessons that declare them.
    """

    lesson: str
    folder: Path
    values: dict[str, Any]
    summary: str
    started: datetime
    precision: Precision | None = None
    strategy: tf.distribute.Strategy | None = None
    _scores: dict[str, dict] = field(default_factory=dict)
    _pictures: dict[str, dict] = field(default_factory=dict)
    _generator: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"{self.lesson} · {self.summary}"

    def backup(self, name: str = "training") -> Backup:
        """A callback that keeps the training state in this run's folder, to resume from.

        Of several machines the first one writes it, and all read it.
        """
        from gan_utils.training.callbacks import Backup

        first = not _machine(self.values)
        folder = self.folder if first else self.folder.parent
        return Backup(folder / "backup" / f"{_named(name)}.npz", writes=first)

    def on_devices(self) -> AbstractContextManager[None]:
        """Networks, players and optimizers that are made inside are shared by all devices."""
        from gan_utils.training.devices import on_replicas

        return on_replicas(self.strategy)

    def save(self, figure: Figure | bytes, name: str, alt: str) -> None:
        """Write a figure as PNG, or the bytes of a GIF as they are, and show it in the notebook.

        `alt` describes the picture for those who cannot see it.  The same name again replaces
        the picture, so that a cell can be run again.  Raises OutputError.
        """
        from gan_utils.figures import png, show

        if not alt.strip():
            raise OutputError(f"picture `{name}` has no alternative text: describe it in `alt`.")
        file = f"{_named(name)}.{'gif' if isinstance(figure, bytes) else 'png'}"
        if isinstance(figure, bytes) and not figure.startswith(b"GIF8"):
            raise OutputError(f"picture `{name}` is bytes of no GIF: give a figure or a GIF.")
        data = figure if isinstance(figure, bytes) else png(figure)
        write_atomically(self.folder / file, data)
        self._pictures[name] = {"name": name, "file": file, "alt": alt}
        show(data, alt)

    def score(self, name: str, value: Any, unit: str = "", better: str = "") -> None:
        """Keep a score: a number, or an object with `value`, `low`, `high` and `n`.

        `better` is "lower", "higher" or "" where neither is.  An interval whose ends are not
        finite counts as absent; a value that is not finite is a CourseError.
        """
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise CourseError(f"score `{name}` is {value!r}: give a finite number.")
        if better not in ("lower", "higher", ""):
            raise CourseError(f"`better` is {better!r}: give `lower`, `higher` or nothing.")
        ends = [getattr(value, end, None) for end in ("low", "high")]
        low, high = (None if end is None or not math.isfinite(end) else float(end) for end in ends)
        count = getattr(value, "n", None)
        self._scores[name] = {
            "name": name,
            "value": int(number) if isinstance(value, Integral) else number,
            "low": low,
            "high": high,
            "n": None if count is None else int(count),
            "unit": unit,
            "better": better,
        }

    def keep_generator(
        self, model: keras.Model, image_range: tuple[float, float], classes: Sequence[str] = ()
    ) -> None:
        """Keep a generator as `generator.keras`, so that `gan-course generate` can draw from it.

        classes: the names of what it can be asked for, where it reads latent vectors and rows of
        classes; none where it reads latent vectors alone.
        """
        model.save(self.folder / GENERATOR)
        self._generator = {
            "file": GENERATOR, "image_range": list(image_range), "classes": list(classes),
        }  # fmt: skip

    def finish(self) -> None:
        """Write `result.json`, the sign that the run is complete.  Raises OutputError."""
        result = {
            "lesson": self.lesson,
            "parameters": self.values,
            **({"precision": asdict(self.precision)} if self.precision else {}),
            **({"replicas": self.strategy.num_replicas_in_sync} if self.strategy else {}),
            "scores": list(self._scores.values()),
            "pictures": list(self._pictures.values()),
            **({"generator": self._generator} if self._generator else {}),
            "started": self.started.isoformat(timespec="seconds"),
            "minutes": round((datetime.now(UTC) - self.started).total_seconds() / 60, 3),
            **circumstances(),
        }
        text = json.dumps(result, indent=1, ensure_ascii=False)
        write_atomically(self.folder / "result.json", text.encode())


def start(lesson: str) -> Run:
    """Start the run of a notebook whose parameters cell was just executed.

    Takes the newest parameters cell from the notebook's history, checks the values that the
    notebook now holds, writes them back in their declared types, makes the folder, sets up the
    devices, chooses the precision, seeds Keras, makes TensorFlow deterministic, sets the style of
    figures, and prints what was chosen.  Of several machines each but the first gets a folder
    inside that of the first.
    Raises ParameterError, OutputError.
    """
    from gan_utils.figures import use_style

    shell = running_shell()
    declared, injected = find_parameters(sources(shell))
    missing = [name for name in declared if name not in shell.user_ns]
    if missing:
        raise ParameterError(f"parameter `{missing[0]}` is gone: run the parameters cell again.")
    names = [*declared, *(name for name in injected if name not in declared)]
    names = [name for name in names if not name.startswith(OF_PAPERMILL)]
    values = check(declared, {name: shell.user_ns.get(name) for name in names})
    check_together(declared, values)
    shell.user_ns.update(values)
    if not 0 <= values["seed"] < 2**32:
        raise ParameterError(
            f"parameter `seed` is {values['seed']}: give a whole number from 0 to {2**32 - 1}."
        )
    folder = Path(values["folder"] or f"runs/{run_name(lesson, values)}").expanduser()
    make_folder(folder)
    _load_tensorflow()
    strategy = _strategy(values)
    if machine := _machine(values):
        folder /= f"worker-{machine}"
        make_folder(folder)
    # Before the seed is set, so that measuring changes nothing that is random.
    precision = _precision(values, folder)
    _seed(values["seed"])
    use_style()
    changed = [
        f"{name}={value}"
        for name, value in values.items()
        if name not in ("seed", "folder") and value != declared[name].default
    ]
    summary = f"seed {values['seed']} · {', '.join(changed) or 'defaults'}"
    run = Run(lesson, folder, values, summary, datetime.now(UTC), precision, strategy)
    print(run)
    if precision:
        print(f"precision: {precision}")
    if hint := unused_gpu():
        print(hint)
    return run


def run_name(lesson: str, values: dict[str, Any]) -> str:
    """A short name for a lesson with these parameters, the same on every machine.

    The eight hexadecimal digits come from SHA-256 of the lesson and of its parameters as JSON
    with sorted names; `folder` says only where the files go and is left out.
    """
    identity = {name: value for name, value in values.items() if name != "folder"}
    text = json.dumps([_named(lesson), identity], sort_keys=True, separators=(",", ":"))
    return f"{lesson}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _named(name: str) -> str:
    """The name itself where it can be a file's name on every system."""
    if not NAME.fullmatch(name):
        raise OutputError(f"{name!r} is no name for a file: use letters, digits, `_` and `-`.")
    return name


def _load_tensorflow() -> None:
    # Otherwise the first notebook takes all memory of a GPU, and a second one cannot start.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    with _quiet():
        load_keras()


def _precision(values: dict[str, Any], folder: Path) -> Precision | None:
    """What the lesson's parameter `precision` says, None where it has none."""
    if "precision" not in values:
        return None
    from gan_utils.fast.precision import remembered

    return remembered(values["precision"], folder / "precision.json")


def _strategy(values: dict[str, Any]) -> tf.distribute.Strategy | None:
    """The devices that the lesson's parameter `strategy` asks for, None where it has none."""
    from gan_utils.training.devices import strategy_named

    if "strategy" not in values:
        return None
    if values["strategy"] == "multi_worker" and values.get("precision") == "auto":
        raise ParameterError(
            "parameter `precision` is auto, which each machine would measure for itself: "
            "give float32 or bfloat16 with `strategy` multi_worker."
        )
    with _quiet():
        return strategy_named(values["strategy"])


def _machine(values: dict[str, Any]) -> int:
    """This machine's number among those that train together; 0 for the first, or the only one."""
    if values.get("strategy") != "multi_worker":
        return 0
    from gan_utils.training.devices import worker_index

    return worker_index()


def _seed(seed: int) -> None:
    import keras
    import tensorflow as tf

    # Each model of a lesson is traced once, which TensorFlow takes for one function retraced often.
    tf.get_logger().setLevel("ERROR")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's notes on the processor at hand out of the notebook.

    While it loads it writes to the file descriptor itself, whatever its level of logging; what
    really fails raises an exception all the same.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
