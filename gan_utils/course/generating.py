"""Images of a finished run's generator as files, with a table of their classes."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan_utils.errors import CourseError, OutputError
from gan_utils.files import new_folder, write_atomically
from gan_utils.lesson.keras_ready import load_keras
from gan_utils.lesson.result import read_result

if TYPE_CHECKING:
    import keras

TABLE = "labels.csv"
PART = 100  # images made, and reported, at a time


@dataclass(frozen=True)
class Source:
    """A generator that a run kept: its latent vectors, its classes (none: it knows none)."""

    folder: Path
    model: keras.Model
    image_range: tuple[float, float]
    classes: tuple[str, ...]

    @property
    def latent_dim(self) -> int:
        shapes = self.model.input_shape
        return (shapes[0] if self.classes else shapes)[-1]


def find_run(name: str, runs: Path = Path("runs")) -> Path:
    """The folder of a finished run: `name` itself, or the newest in `runs` of a lesson.

    name: a folder, or the number or the name of a lesson. Raises `OutputError`.
    """
    if Path(name).is_dir():
        return Path(name)
    lesson_name = f"{int(name):02}" if name.isdecimal() else name
    found = []
    for path in [*runs.glob("*/result.json"), *runs.glob("*/*/result.json")]:
        lesson = read_result(path.parent)["lesson"]
        if lesson == lesson_name or lesson.startswith(f"{lesson_name}_"):
            found.append(path)
    if not found:
        raise OutputError(
            f"there is no finished run of {name} in {runs}: run `gan-course run {name}` first, or "
            f"give the folder of a run."
        )
    return max(found, key=lambda path: path.stat().st_mtime).parent


def load_source(folder: Path) -> Source:
    """The generator that `Run.keep_generator` kept in a run's folder; raises `OutputError`."""
    kept = read_result(folder).get("generator")
    if not isinstance(kept, dict):
        raise OutputError(
            f"the run in {folder} kept no generator: give a run of a lesson that keeps one, such "
            f"as 03 or 06."
        )
    load_keras()
    import keras

    # The course's own layers, which a file of a model only names.
    import gan_utils.fast.layers
    import gan_utils.networks.conditional
    import gan_utils.networks.growing
    import gan_utils.networks.minibatch  # noqa: F401

    path = folder / kept["file"]
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise OutputError(f"{path} cannot be read ({reason}): run the lesson again.") from None
    return Source(folder, model, tuple(kept["image_range"]), tuple(kept["classes"]))


def chosen_labels(source: Source, names: Sequence[str]) -> list[int]:
    """The numbers of classes by their names, all of them for none; raises `CourseError`."""
    if names and not source.classes:
        raise CourseError(
            f"the generator of {source.folder} knows no classes: leave out --class, or give a run "
            f"of lesson 06."
        )
    by_name = {name.lower(): label for label, name in enumerate(source.classes)}
    for name in names:
        if name.lower() not in by_name:
            (near,) = difflib.get_close_matches(name.lower(), by_name, n=1, cutoff=0.0)
            raise CourseError(
                f"there is no class {name!r}: did you mean {source.classes[by_name[near]]!r}? "
                f"There are {', '.join(source.classes)}."
            )
    return [by_name[name.lower()] for name in names] or list(range(len(source.classes)))


def write_images(
    source: Source, labels: Sequence[int], count: int, out: Path, seed: int
) -> Iterator[int]:
    """Write `count` images of each label, or `count` in all where there are no classes.

    Yields how many were written, again and again; the table of all of them comes last. Raises
    `OutputError` where `out` holds files already, or cannot be written.
    """
    from gan_utils.data import unscale
    from gan_utils.streams import latent_vectors

    new_folder(out)
    asked = np.repeat(labels, count) if source.classes else np.zeros(count, int)
    z = latent_vectors(len(asked), source.latent_dim, seed)
    rows = []
    for start in range(0, len(asked), PART):
        part = slice(start, start + PART)
        inputs = z[part]
        if source.classes:
            inputs = [z[part], np.eye(len(source.classes), dtype=np.float32)[asked[part]]]
        made = np.asarray(source.model(inputs, training=False), np.float32)
        for number, image in enumerate(unscale(made, *source.image_range), start + 1):
            label = asked[number - 1]
            name = source.classes[label] if source.classes else "image"
            file = f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}_{number:06d}.png"
            write_atomically(out / file, _png(image))
            rows.append((file, label, name) if source.classes else (file,))
        yield len(rows)
    write_atomically(out / TABLE, _table(rows, bool(source.classes)))


def _png(image: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, format="PNG")
    return buffer.getvalue()


def _table(rows: list[tuple], classes: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("file", "label", "class") if classes else ("file",))
    writer.writerows(rows)
    return text.getvalue().encode()
