"""Named sets of images: where they come from, and how they are checked.

Images are uint8 arrays of shape (n, height, width, channels) with values 0 to 255 until
`gan_utils.data.scale` brings them into the range of a generator. Every fault in what is read or
given is a `DataError`.
"""

import hashlib
import io
import os
import socket
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_utils.data.bundle import data_dir, read_json, read_verified
from gan_utils.data.checks import check_choice
from gan_utils.errors import DataError

DIGITS = tuple("0123456789")
GARMENTS = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
GARMENTS += ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
OBJECTS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASS_NAMES = {"mnist": DIGITS, "fashion_mnist": GARMENTS, "cifar10": OBJECTS}
IMAGE_SHAPES = {"mnist": (28, 28, 1), "fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}
LOCK = ".gan-course.lock"
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
    check_choice("data set", name, tuple(CLASS_NAMES))
    check_choice("split", split, ("train", "test"))
    check_choice("source", source, ("bundled", "full"))
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
    cache = Path(os.environ.get("KERAS_HOME", "~/.keras"), "datasets")
    try:
        from keras import datasets  # here, because importing gan_utils must not load TensorFlow

        with _download_limit(), _alone(cache.expanduser()):
            train, test = getattr(datasets, name).load_data()
    # Keras lets through whatever the network, gzip or NumPy raise, and a bare Exception of its own.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The full set {name} can be neither downloaded nor read ({reason}); connect to the "
            f"network, copy its files into {cache} or delete damaged ones there."
        ) from error
    images, labels = train if split == "train" else test
    # Keras checks the files of MNIST and CIFAR-10 itself, those of Fashion-MNIST not.
    published = read_json(data_dir() / "checksums.json")["full"].get(name, {})
    for part, array in {f"{split}_images": images, f"{split}_labels": labels}.items():
        digest = hashlib.sha256(np.ascontiguousarray(array)).hexdigest()
        if published and digest != published[part]["sha256"]:
            raise DataError(f"{part} of {name} in {cache} are not as published; delete the files.")
    return images, labels


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process at a time look into the cache: another one would read half of a download."""
    from filelock import FileLock  # here, because it loads more than importing gan_utils should

    lock = FileLock(cache / LOCK)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError):  # what takes no lock can be read all the same
        pass
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _download_limit() -> Iterator[None]:
    """Let a silent network end in an error instead of a wait without end: Keras sets no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
