"""The image sets against facts known elsewhere, and what is no set at all."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from scipy.stats import chisquare

from gan_utils.data import ImageSet, load_images
from gan_utils.data.images import _alone
from gan_utils.errors import DataError
from sentences import one_sentence

FASHION = Path("/usr/share/datasets/fashion-mnist")
# Counts of the digits among the first 10,000 of MNIST's training file.
FIRST_DIGITS = (1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978)
# Row 5 of MNIST's very first training digit, a 5: the row that tutorials print.
FIRST_ROW = (12 * (0,)) + (3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127) + (4 * (0,))


@pytest.fixture(scope="module")
def sets() -> dict[tuple[str, str], ImageSet]:
    return {
        (name, split): load_images(name, split)
        for name in ("mnist", "fashion_mnist")
        for split in ("train", "test")
    }


# The bundled sets


@pytest.mark.parametrize(
    ("name", "train", "test"), [("mnist", 8_000, 2_000), ("fashion_mnist", 20_000, 5_000)]
)
def test_sizes_and_types(sets, name, train, test):
    for split, n in (("train", train), ("test", test)):
        part = sets[name, split]
        assert part.images.shape == (n, 28, 28, 1) and part.images.dtype == np.uint8
        assert part.labels.shape == (n,) and part.labels.dtype == np.int64
        assert len(part) == n and part.name == name and len(part.class_names) == 10
        assert part.images.min() == 0 and part.images.max() == 255


def test_mnist_holds_the_first_ten_thousand_training_digits(sets):
    train, test = sets["mnist", "train"], sets["mnist", "test"]
    counts = np.bincount(train.labels) + np.bincount(test.labels)
    assert tuple(counts) == FIRST_DIGITS
    images = np.concatenate([train.images, test.images])
    labels = np.concatenate([train.labels, test.labels])
    first = np.flatnonzero((images[:, 5, :, 0] == FIRST_ROW).all(axis=1))
    assert len(first) == 1 and labels[first[0]] == 5
    assert images[first[0]].sum() == 27_525


def test_mnist_is_stratified(sets):
    counts = np.bincount(sets["mnist", "test"].labels)
    # A fifth of each class to within one digit.
    assert np.abs(counts - np.array(FIRST_DIGITS) / 5).max() < 1


def test_fashion_is_stratified(sets):
    assert set(np.bincount(sets["fashion_mnist", "train"].labels)) == {2_000}
    assert set(np.bincount(sets["fashion_mnist", "test"].labels)) == {500}


@pytest.mark.parametrize(
    # The constants that everyone normalises the full training sets with.
    ("name", "mean", "std"),
    [("mnist", 0.1307, 0.3081), ("fashion_mnist", 0.2860, 0.3530)],
)
def test_mean_and_spread_are_those_of_the_full_sets(sets, name, mean, std):
    pixels = sets[name, "train"].images / 255
    error = pixels.mean(axis=(1, 2, 3)).std() / len(pixels) ** 0.5
    assert abs(pixels.mean() - mean) < 4 * error
    assert abs(pixels.std() - std) < 0.003


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_no_picture_occurs_twice(sets, name):
    both = [image.tobytes() for split in ("train", "test") for image in sets[name, split].images]
    assert len(set(both)) == len(both)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_beginning_and_end_of_a_set_mix_the_classes(sets, name, split):
    labels = sets[name, split].labels
    for part in (labels[:200], labels[-200:]):
        assert (
            chisquare(np.bincount(part, minlength=10), np.bincount(labels) / len(labels) * 200)[1]
            > 1e-3
        )


def test_labels_fit_the_garments(sets):
    """Between the legs of trousers it is dark, where bags, dresses and coats are bright.

    Sandals, sneakers and trousers cover least of the picture.
    """
    images, labels = sets["fashion_mnist", "train"].images, sets["fashion_mnist", "train"].labels
    names = sets["fashion_mnist", "train"].class_names
    legs = {name: images[labels == k][:, 20:26, 13:15].mean() for k, name in enumerate(names)}
    assert legs["Trouser"] < 60 < 120 < min(legs["Bag"], legs["Dress"], legs["Coat"])
    covered = {name: images[labels == k].mean() for k, name in enumerate(names)}
    assert sorted(names, key=covered.get)[:3] == ["Sandal", "Sneaker", "Trouser"]


def test_importing_data_loads_no_tensorflow():
    code = (
        "import sys, gan_utils.data, gan_utils.errors;"
        "print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mnits",), "no data set 'mnits'; choose one of mnist, fashion_mnist, cifar10"),
        ((None,), "no data set None"),
        (("mnist", "validation"), "no split 'validation'; choose one of train, test"),
        (("mnist", "train", "web"), "no source 'web'; choose one of bundled, full"),
        (("cifar10",), "cifar10 is not bundled; use source='full'"),
    ],
)
def test_unknown_set_split_or_source(arguments, message):
    with pytest.raises(DataError, match=message) as error:
        load_images(*arguments)
    one_sentence(error)


IMAGES = np.zeros((2, 28, 28, 1), np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "names", "message"),
    [
        (IMAGES[0], None, (), r"images of mine are uint8 of shape \(28"),
        (IMAGES, np.zeros(1, int), ("a",), "labels of mine"),
    ],
)
def test_what_is_no_set(images, labels, names, message):
    with pytest.raises(DataError, match=message) as error:
        ImageSet(images, labels, names, "mine")
    one_sentence(error)


# Full sets: in a process of their own, because Keras reads $KERAS_HOME once, when imported

LOAD_FULL = """
import sys
from gan_utils.data import load_images
from gan_utils.errors import DataError
for name in sys.argv[1:]:
    try:
        print("RESULT", load_images(name, "test", "full").images.shape)
    except DataError as error:
        print("RESULT", error)
"""


def load_full(home: Path, *names: str) -> list[str]:
    """The outcome for each data set where the network leads nowhere: port 9 answers nobody."""
    nowhere = {key: "http://127.0.0.1:9" for key in ("http_proxy", "https_proxy")}
    environment = {**os.environ, **nowhere, "KERAS_HOME": str(home), "no_proxy": ""}
    done = subprocess.run(
        [sys.executable, "-c", LOAD_FULL, *names],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return [line[7:] for line in done.stdout.splitlines() if line.startswith("RESULT ")]


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_full_set_without_network_or_with_foreign_files(tmp_path):
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", np.zeros((3, 28, 28), np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.zeros(3, np.uint8))
    mnist, cifar, fashion = load_full(tmp_path, "mnist", "cifar10", "fashion_mnist")
    for name, message in (("mnist", mnist), ("cifar10", cifar)):
        assert message.startswith(f"The full set {name} can be neither downloaded nor read")
        assert f"copy its files into {tmp_path / 'datasets'}" in message
    assert fashion.startswith("test_images of fashion_mnist in")
    assert "are not as published; delete the files." in fashion


def test_full_set_cut_short(tmp_path):
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(bytes(5000))[:-9])
    (message,) = load_full(tmp_path, "fashion_mnist")
    assert "can be neither downloaded nor read (Compressed file ended" in message
    assert "delete damaged ones there" in message


# Keras as far as it matters here: it downloads to where it reads, and trusts a file that is there.
DOWNLOAD = """
import sys, time, types
from pathlib import Path
import numpy as np

def load_data():
    file = Path(sys.argv[1]) / "datasets" / "cifar10"
    if not file.exists():
        file.write_bytes(b"half")
        print("DOWNLOADS", flush=True)
        time.sleep(1)
        file.write_bytes(b"half of it twice")
    assert file.read_bytes() == b"half of it twice"
    images, labels = np.zeros((1, 32, 32, 3), np.uint8), np.zeros(1, int)
    return (images, labels), (images, labels)

keras = types.ModuleType("keras")
keras.datasets = types.SimpleNamespace(cifar10=types.SimpleNamespace(load_data=load_data))
sys.modules["keras"] = keras
from gan_utils.data import load_images
print("RESULT", load_images("cifar10", "test", "full").images.shape)
"""


def test_processes_that_want_a_full_set_at_once_get_it_whole(tmp_path):
    """One downloads it, and the others wait."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DOWNLOAD, str(tmp_path)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "KERAS_HOME": str(tmp_path)},
        )
        for _ in range(3)
    ]  # fmt: skip
    lines = [line for process in processes for line in process.communicate()[0].splitlines()]
    assert sorted(lines) == ["DOWNLOADS", *["RESULT (1, 32, 32, 3)"] * 3]


@pytest.mark.parametrize("error", [PermissionError(13, "read-only"), NotImplementedError()])
def test_a_cache_that_takes_no_lock_is_read_all_the_same(tmp_path, monkeypatch, error):
    def refuse(lock):
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with _alone(tmp_path):
        pass


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_full_set_from_a_prepared_folder(tmp_path):
    shutil.copytree(FASHION, tmp_path / "datasets" / "fashion-mnist")
    assert load_full(tmp_path, "fashion_mnist") == ["(10000, 28, 28, 1)"]
