"""Images: where they come from, how they are checked, how they are scaled.

Images are uint8 arrays of shape (n, height, width, channels) with values 0 to 255 until `scale`
brings them into the range of a generator. Every fault in what is read or given is a `DataError`.
"""

import hashlib
import io
import itertools
import os
import socket
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .bundle import data_dir, read_json, read_verified
from .errors import DataError, OutputError

DIGITS = tuple("0123456789")
GARMENTS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
GARMENTS += ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASS_NAMES = {"mnist": DIGITS, "fashion_mnist": GARMENTS, "cifar10": OBJECTS}
IMAGE_SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
DOWNLOAD_SECONDS = 30.0


@dataclass(frozen=True)
class ImageSet:
    """Images with, where they are known, their classes.

    images: uint8 (n, height, width, channels), 1 or 3 channels, 0 to 255.
    labels: int64 (n,), indices into `class_names`, or None.
    """

    images: np.ndarray
    labels: np.ndarray | None
    class_names: tuple[str, ...]
    name: str

    def __post_init__(self) -> None:
        shape = self.images.shape
        good_shape = len(shape) == 4 and shape[3] in (1, 3) and min(shape) > 0
        if self.images.dtype != np.uint8 or not good_shape:
            raise DataError(
                f"The images of {self.name} are {self.images.dtype} of shape {shape}; "
                "give uint8 of shape (n, height, width, 1 or 3)."
            )
        labels = self.labels
        if labels is not None and (labels.dtype != np.int64 or labels.shape != shape[:1]):
            raise DataError(
                f"The labels of {self.name} are {labels.dtype} of shape {labels.shape}; "
                f"give int64 of shape ({shape[0]},), one for each image."
            )

    def __len__(self) -> int:
        return len(self.images)


def load_images(name: str, split: str = "train", source: str = "bundled") -> ImageSet:
    """One split of a named data set.

    name: "mnist", "fashion_mnist" or "cifar10" (the last only with source="full").
    split: "train" or "test".
    source: "bundled" reads the part that travels with the package (MNIST 8,000 and 2,000 images,
        Fashion-MNIST 20,000 and 5,000); "full" takes the whole set from `keras.datasets`, which
        downloads it once and keeps it in the `datasets` folder of $KERAS_HOME (~/.keras).
    """
    _check_choice("data set", name, tuple(CLASS_NAMES))
    _check_choice("split", split, ("train", "test"))
    _check_choice("source", source, ("bundled", "full"))
    images, labels = (_bundled if source == "bundled" else _full)(name, split)
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.shape[1:] != IMAGE_SHAPES[name]:
        raise DataError(
            f"The {source} images of {name} have shape {images.shape[1:]} and should have "
            f"{IMAGE_SHAPES[name]}; replace the file they were read from."
        )
    return ImageSet(images, labels.reshape(-1).astype(np.int64), CLASS_NAMES[name], name)


def _bundled(name: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    folder = data_dir()
    bundles = read_json(folder / "checksums.json")["bundled"]
    if name not in bundles:
        raise DataError(
            f"{name} is not bundled; use source='full', or one of {', '.join(bundles)}."
        )
    path = folder / f"{name}.npz"
    content = read_verified(path, bundles[name]["sha256"])
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return file[f"{split}_images"], file[f"{split}_labels"]
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path} holds no readable arrays {split}_images and {split}_labels; build it again."
        ) from error


def _full(name: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    place = Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")
    try:
        from keras import datasets  # here, because importing gan_utils must not load TensorFlow

        with _download_limit():
            train, test = getattr(datasets, name).load_data()
    # Keras lets through whatever the network, gzip or NumPy raise, and a bare Exception of its own.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The full set {name} can be neither downloaded nor read ({reason}); connect to the "
            f"network, copy its files into {place} or delete damaged ones there."
        ) from error
    images, labels = train if split == "train" else test
    # Keras checks the files of MNIST and CIFAR-10 itself, those of Fashion-MNIST not.
    published = read_json(data_dir() / "checksums.json")["full"].get(name, {})
    for part, array in {f"{split}_images": images, f"{split}_labels": labels}.items():
        found = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
        if published and found != published[part]["sha256"]:
            raise DataError(f"{part} of {name} in {place} are not as published; delete the files.")
    return images, labels


@contextmanager
def _download_limit() -> Iterator[None]:
    """Let a silent network end in an error instead of a wait without end: Keras sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def load_folder(path: str | Path, size: int = 64, limit: int | None = None) -> ImageSet:
    """Images of any size from a folder, cut to their central square and resized to `size` pixels.

    Where the folder has sub-folders with images, each is a class of that name, and the classes
    take turns in the result, so that `limit` (at most this many images) treats them alike.
    Otherwise the images are those directly inside, with no labels. Files are taken in the order of
    their names; hidden files and files with other endings than those of images are passed over.
    The result has three channels (RGB).
    """
    folder = Path(path)
    if not folder.is_dir():
        fault = "is a file, not a folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {fault}; give a folder of images.")
    check_count("size", size)
    if limit is not None:
        check_count("limit", limit)
    loose = _image_files(folder)
    classes = {
        sub.name: files
        for sub in sorted(folder.iterdir())
        if sub.is_dir() and not sub.name.startswith(".") and (files := _image_files(sub))
    }
    if loose and classes:
        raise DataError(
            f"{folder} holds loose images ({loose[0].name}, ...) beside folders of images "
            f"({next(iter(classes))}, ...); move the loose ones into a folder."
        )
    if not loose and not classes:
        raise DataError(
            f"{folder} and its sub-folders hold no images; give a folder with files that end in "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}."
        )
    groups = enumerate(list(classes.values()) or [loose])
    columns = [[(file, label) for file in files] for label, files in groups]
    turns = itertools.zip_longest(*columns)
    chosen = [pair for turn in turns for pair in turn if pair][:limit]
    images = np.empty((len(chosen), size, size, 3), np.uint8)
    for target, (file, _) in zip(images, chosen, strict=True):
        target[:] = _read_square(file, size)
    labels = np.array([label for _, label in chosen], np.int64) if classes else None
    return ImageSet(images, labels, tuple(classes), folder.resolve().name)


def _image_files(folder: Path) -> list[Path]:
    visible = folder.glob("[!.]*")
    return sorted(
        file for file in visible if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
    )


def _read_square(file: Path, size: int) -> np.ndarray:
    try:
        with Image.open(file) as image:
            if image.mode[0] in "IF":  # converting these would only cut off at 255
                raise ValueError(f"mode {image.mode} has more than 8 bits a channel")
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"The image {file} cannot be read ({error}); replace or delete it."
        ) from error
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS))


def scale(images: np.ndarray, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Bring uint8 images (0 to 255) to float32 from `low` to `high`; any shape."""
    _check_range(low, high)
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise DataError(f"Only uint8 images can be scaled, not {images.dtype}; unscale them first.")
    # A table of the 256 values: both ends come out exactly, whatever the range.
    return np.linspace(low, high, 256, dtype=np.float32)[images]


def unscale(images: np.ndarray, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Bring images from `low` to `high` back to uint8: the nearest of 0 to 255; any shape.

    Rounding errors of up to a thousandth of the range beyond its ends are cut off; values that
    are further out, or not numbers, are an error.
    """
    _check_range(low, high)
    levels = (np.asarray(images, np.float64) - low) / (high - low)
    inside = (levels >= -1e-3) & (levels <= 1 + 1e-3)
    if not inside.all():
        value = np.asarray(images)[~inside].flat[0]
        raise DataError(
            f"The images contain the value {value:g}, outside {low:g} to {high:g}; give the range "
            "that the generator was built for."
        )
    return np.rint(np.clip(levels, 0, 1) * 255).astype(np.uint8)


def resize(images: np.ndarray, size: int, channels: int) -> np.ndarray:
    """Bring uint8 images (n, h, w, c) to (n, size, size, channels), 1 for grey or 3 for RGB.

    For judging a network of one image size by an evaluator of another; images that fit already
    come back as they are.
    """
    images = np.asarray(images)
    if images.shape[1:] == (size, size, channels):
        return images
    check_length("size", size)
    _check_choice("number of channels", channels, (1, 3))
    mode = "L" if channels == 1 else "RGB"
    resized = [
        Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
        .convert(mode)
        .resize((size, size), Image.Resampling.BICUBIC)
        for image in images
    ]
    return np.stack([np.asarray(image) for image in resized]).reshape(-1, size, size, channels)


def stack_digits(digits: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """Draw stacked MNIST: `count` colour images whose channels are three independent digits.

    Each image is one of 1,000 modes, all about equally likely (Metz et al. 2017,
    arXiv:1611.02163, section 3.3); its label is the number that the digits spell, 0 to 999.
    `digits` are grey images with labels from 0 to 9.
    """
    check_count("number of images", count)
    if digits.images.shape[-1] != 1 or digits.labels is None or digits.labels.max() > 9:
        raise DataError(f"{digits.name} is no set of grey digits; give load_images('mnist').")
    chosen = np.random.default_rng(seed).integers(len(digits), size=(count, 3))
    images = np.moveaxis(digits.images[chosen, :, :, 0], 1, -1)
    labels = digits.labels[chosen] @ np.array([100, 10, 1])
    names = tuple(f"{number:03d}" for number in range(1000))
    return ImageSet(images, labels, names, f"stacked {digits.name}")


def write_images(images: np.ndarray, folder: str | Path) -> Path:
    """Write uint8 images (n, h, w, 1 or 3) as 00000.png, 00001.png, … into a new folder.

    For programs that score folders of images. Raises `OutputError` where the folder is not
    empty or cannot be written.
    """
    ImageSet(np.asarray(images), None, (), "the set to write")  # refuses what are no images
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise OutputError(f"{place} already holds files; choose a new folder.")
        for number, image in enumerate(np.asarray(images)):
            Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(
                place / f"{number:05d}.png"
            )
    except OSError as error:
        raise OutputError(f"{place} cannot be written ({error.strerror}); free it.") from error
    return place


def _check_choice(what: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        names = ", ".join(map(str, known))
        raise DataError(f"There is no {what} {value!r}; choose one of {names}.")


def check_count(what: str, value: object) -> None:
    if not isinstance(value, Integral) or value < 1:
        raise DataError(f"The {what} is {value!r}; give a whole number of 1 or more.")


def check_length(what: str, value: object) -> None:
    if not isinstance(value, Real) or not 0 < value < np.inf:
        raise DataError(f"The {what} is {value!r}; give a finite number above 0.")


def _check_range(low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise DataError(f"{low:g} to {high:g} is not a range; give two numbers with low < high.")
