"""Bundled files that are damaged, missing or hold something else: each is told in one sentence."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gan_utils.data import images, load_images
from gan_utils.data.bundle import data_dir
from gan_utils.errors import DataError
from sentences import one_sentence


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A folder with mnist.npz and checksums.json that a test may damage."""
    for name in ("mnist.npz", "checksums.json"):
        shutil.copy(data_dir() / name, tmp_path)
    monkeypatch.setattr(images, "data_dir", lambda: tmp_path)
    return tmp_path


def test_truncated_bundle(copy):
    path = copy / "mnist.npz"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"mnist\.npz is damaged or was changed") as error:
        load_images("mnist")
    assert "install gan-course again" in one_sentence(error)


def test_one_changed_bit(copy):
    path = copy / "mnist.npz"
    content = bytearray(path.read_bytes())
    content[700_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="its SHA-256 begins") as error:
        load_images("mnist")
    one_sentence(error)


def test_missing_bundle(copy):
    with pytest.raises(DataError, match=r"fashion_mnist\.npz cannot be read") as error:
        load_images("fashion_mnist")
    one_sentence(error)


@pytest.mark.parametrize("content", [None, b"{", b"\xff\xfe"])
def test_missing_or_damaged_checksums(copy, content):
    path = copy / "checksums.json"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=r"checksums\.json") as error:
        load_images("mnist")
    one_sentence(error)


def replace_bundle(folder: Path, content: bytes) -> None:
    """Put other content under the name mnist.npz, with a checksum that fits."""
    (folder / "mnist.npz").write_bytes(content)
    checksums = json.loads((folder / "checksums.json").read_text())
    checksums["bundled"]["mnist"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "checksums.json").write_text(json.dumps(checksums))


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((5, 32, 32), np.uint8), np.zeros(5, np.uint8), r"shape \(32, 32, 1\)"),
        (np.zeros((5, 784), np.uint8), np.zeros(5, np.uint8), r"shape \(784,\)"),
        (np.zeros((5, 28, 28)), np.zeros(5, np.uint8), "are float64"),
        (np.zeros((5, 28, 28), np.uint8), np.zeros(4, np.uint8), r"of shape \(4,\)"),
        (np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.uint8), r"of shape \(0, 28"),
        (np.array([None]), np.zeros(1, np.uint8), "holds no readable arrays"),
    ],
    ids=["other size", "flat", "floats", "too few labels", "empty", "pickled"],
)
def test_bundle_of_another_shape(copy, images, labels, message):
    replace_bundle(copy, npz(train_images=images, train_labels=labels))
    with pytest.raises(DataError, match=message) as error:
        load_images("mnist")
    one_sentence(error)


@pytest.mark.parametrize("content", [b"", b"not a zip file", npz(other=np.zeros(3))])
def test_bundle_that_is_none(copy, content):
    replace_bundle(copy, content)
    with pytest.raises(DataError, match="holds no readable arrays") as error:
        load_images("mnist")
    one_sentence(error)
