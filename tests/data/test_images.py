"""The bundled sets against facts known elsewhere, folders of images, and every refusal."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gan_utils.bundle
import numpy as np
import pytest
from PIL import Image
from scipy.stats import chisquare

import gan_utils.data
from gan_utils.data import ImageSet, load_folder, load_images, scale, unscale
from gan_utils.data.bundle import data_dir
from gan_utils.data.mixtures import Mixture, grid, ring
from gan_utils.errors import DataError

FASHION = Path("/usr/share/datasets/fashion-mnist")
# Counts of the digits among the first 10,000 of MNIST's training file.
FIRST_DIGITS = (1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978)
# Row 5 of MNIST's very first training digit, a 5: the row that tutorials print.
FIRST_ROW = (12 * (0,)) + (3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127) + (4 * (0,))


def one_sentence(error) -> str:
    message = str(error.value)
    assert message.endswith(".") and ". " not in message and "\n" not in message, message
    return message


@pytest.fixture(scope="module")
def sets() -> dict[tuple[str, str], ImageSet]:
    return {
        (name, split): load_images(name, split)
        for name in ("mnist", "fashion_mnist")
        for split in ("train", "test")
    }


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A folder with mnist.npz and checksums.json that a test may damage."""
    for name in ("mnist.npz", "checksums.json"):
        shutil.copy(data_dir() / name, tmp_path)
    monkeypatch.setattr(gan_utils.data, "data_dir", lambda: tmp_path)
    return tmp_path


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


# Damaged bundles


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


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_full_set_from_a_prepared_folder(tmp_path):
    shutil.copytree(FASHION, tmp_path / "datasets" / "fashion-mnist")
    assert load_full(tmp_path, "fashion_mnist") == ["(10000, 28, 28, 1)"]


# Folders of images


def save(path: Path, array, **options) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path, **options)
    return path


def plain(colour, height=10, width=10) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def test_the_centre_is_cut_out(tmp_path):
    wide, tall = plain((200, 0, 0), 40, 120), plain((200, 0, 0), 100, 30)
    wide[:, 40:80] = (0, 200, 0)
    tall[35:65] = (0, 0, 200)
    save(tmp_path / "a.png", wide)
    save(tmp_path / "b.png", tall)
    images = load_folder(tmp_path, size=16).images
    assert images.shape == (2, 16, 16, 3)
    # The filter that shrinks reaches a little over the edges of the square.
    inner = images[:, 3:-3, 3:-3]
    assert (inner[0] == (0, 200, 0)).all() and (inner[1] == (0, 0, 200)).all()


def test_shrinking_averages(tmp_path):
    """A fine chessboard turns grey; picking single pixels would leave it black and white."""
    board = np.indices((256, 256)).sum(0) % 2 * 255
    save(tmp_path / "board.png", board)
    images = load_folder(tmp_path, size=32).images
    assert np.abs(images.astype(int) - 127).max() <= 3
    assert (images[..., 0] == images[..., 1]).all() and (images[..., 0] == images[..., 2]).all()


def test_size_that_fits_changes_nothing(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    save(tmp_path / "a.PNG", pixels)
    assert np.array_equal(load_folder(tmp_path).images[0], pixels)


def test_orientation_of_a_camera_is_followed(tmp_path):
    pixels = plain((0, 0, 0), 8, 8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: the top row becomes the right-hand column
    save(tmp_path / "a.png", pixels, exif=exif)
    image = load_folder(tmp_path, size=8).images[0]
    assert (image[:, -1] == 255).all() and (image[:, :-1] == 0).all()


def test_sub_folders_are_classes_that_take_turns(tmp_path):
    for k in range(4):
        save(tmp_path / "dogs" / f"{k}.png", plain(100 + k))
    for k in range(2):
        save(tmp_path / "cats" / f"{k}.png", plain(k))
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not an image")
    found = load_folder(tmp_path, size=4)
    assert found.class_names == ("cats", "dogs") and found.name == tmp_path.name
    assert found.labels.tolist() == [0, 1, 0, 1, 1, 1]
    assert found.images[:, 0, 0, 0].tolist() == [0, 100, 1, 101, 102, 103]
    assert load_folder(tmp_path, size=4, limit=3).labels.tolist() == [0, 1, 0]


def test_loose_images_have_no_labels(tmp_path):
    save(tmp_path / "a.png", plain(1))
    save(tmp_path / ".hidden.png", plain(2))
    found = load_folder(tmp_path, size=4)
    assert len(found) == 1 and found.labels is None and found.class_names == ()


def broken_folders(folder: Path) -> dict[str, Path]:
    names = ("empty", "texts", "mixed", "unreadable", "cut", "deep16")
    made = {name: folder / name for name in names}
    for path in made.values():
        path.mkdir()
    (made["texts"] / "a.txt").write_text("text")
    save(made["mixed"] / "a.png", plain(1))
    save(made["mixed"] / "sub" / "b.png", plain(1))
    (made["unreadable"] / "a.jpg").write_bytes(b"no image at all")
    whole = save(made["cut"] / "a.jpg", np.random.default_rng(0).integers(0, 256, (99, 99, 3)))
    whole.write_bytes(whole.read_bytes()[:900])
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(made["deep16"] / "a.png")
    made["missing"] = folder / "missing"
    made["file"] = made["texts"] / "a.txt"
    return made


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("missing", "does not exist; give a folder of images"),
        ("file", "is a file, not a folder"),
        ("empty", "and its sub-folders hold no images"),
        ("texts", "and its sub-folders hold no images"),
        ("mixed", r"holds loose images \(a.png, ...\) beside folders of images \(sub"),
        ("unreadable", r"a\.jpg cannot be read \(cannot identify"),
        ("cut", r"a\.jpg cannot be read \(.*truncated"),
        ("deep16", "mode I;16 has more than 8 bits a channel"),
    ],
)
def test_folder_that_gives_no_images(tmp_path, case, message):
    with pytest.raises(DataError, match=message) as error:
        load_folder(broken_folders(tmp_path)[case])
    one_sentence(error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size is 0; give a whole number of 1 or more"),
        ({"size": 64.0}, "size is 64.0"),
        ({"size": "64"}, "size is '64'"),
        ({"limit": 0}, "limit is 0"),
        ({"limit": -5}, "limit is -5"),
    ],
)
def test_size_or_limit_that_cannot_be(tmp_path, options, message):
    save(tmp_path / "a.png", plain(1))
    with pytest.raises(DataError, match=message) as error:
        load_folder(tmp_path, **options)
    one_sentence(error)


# Scaling, mixtures, sets made by hand

IMAGES = np.zeros((2, 28, 28, 1), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scale(IMAGES / 255), "Only uint8 images can be scaled, not float64"),
        (lambda: scale(IMAGES, 1.0, -1.0), "1 to -1 is not a range"),
        (lambda: scale(IMAGES, 0.0, float("inf")), "0 to inf is not a range"),
        (lambda: unscale(IMAGES, 0.5, 0.5), "0.5 to 0.5 is not a range"),
        (lambda: unscale([-1.01, 0.0]), "value -1.01, outside -1 to 1"),
        (lambda: unscale([0.0, 1.02], 0.0, 1.0), "value 1.02, outside 0 to 1"),
        (lambda: unscale([0.0, float("nan")]), "value nan, outside"),
        (lambda: unscale(np.full(3, 128, np.uint8)), "value 128, outside -1 to 1"),
        (lambda: ring(modes=0), "number of modes is 0"),
        (lambda: ring(modes=2.5), "number of modes is 2.5"),
        (lambda: ring(radius=-1.0), "radius is -1.0; give a finite number above 0"),
        (lambda: ring(std=0.0), "standard deviation is 0.0"),
        (lambda: ring(std=float("nan")), "standard deviation is nan"),
        (lambda: grid(side=0), "side is 0"),
        (lambda: grid(spacing=float("inf")), "spacing is inf"),
        (lambda: ring().sample(0, np.random.default_rng(0)), "number of points is 0"),
        (lambda: Mixture(np.zeros((3, 3)), 1.0, "m"), r"centres have shape \(3, 3\)"),
        (lambda: Mixture(np.zeros((0, 2)), 1.0, "m"), r"centres have shape \(0, 2\)"),
        (lambda: ImageSet(IMAGES[0], None, (), "mine"), r"images of mine are uint8 of shape \(28"),
        (lambda: ImageSet(IMAGES, np.zeros(2, int)[:1], ("a",), "mine"), r"labels of mine"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(DataError, match=message) as error:
        call()
    one_sentence(error)
