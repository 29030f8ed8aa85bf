"""The emoji against what Unicode says of them, against each other, and what is no set of emoji."""

import hashlib
import io
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare

from gan_utils.data import emoji
from gan_utils.data.bundle import data_dir
from gan_utils.data.emoji import emoji_code_points, halve, load_emoji
from gan_utils.data.images import ImageSet
from gan_utils.errors import DataError
from sentences import one_sentence

KINDS = (("google", 32), ("google", 64), ("twitter", 32))
SPLITS = {"train": 2535, "test": 281}
# The groups of the Unicode charts, without "Component".
CATEGORIES = (
    "Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places",
    "Activities", "Objects", "Symbols", "Flags",
)  # fmt: skip
# Circles and squares that Unicode names for their colours.
RED, BLUE, GREEN, BLACK = ("1F534", "1F7E5"), ("1F535", "1F7E6"), ("1F7E2", "1F7E9"), ("26AB",)


@pytest.fixture(scope="module")
def sets() -> dict[tuple[str, int, str], ImageSet]:
    return {
        (style, size, split): load_emoji(style, split, size)
        for style, size in KINDS
        for split in SPLITS
    }


@pytest.fixture(scope="module")
def names() -> dict[str, tuple[str, ...]]:
    return {split: emoji_code_points(split) for split in SPLITS}


def test_sizes_and_types(sets, names):
    for (style, size, split), part in sets.items():
        assert len(part) == len(names[split]) == SPLITS[split]
        assert part.images.shape[1:] == (size, size, 3) and part.images.dtype == np.uint8
        assert part.images.min() == 0 and part.images.max() == 255
        assert part.labels.dtype == np.int64 and part.name == f"emoji_{style}"
        assert part.class_names == CATEGORIES and set(part.labels) == set(range(9))


def test_the_ground_is_white_and_something_is_drawn_on_it(sets):
    for part in sets.values():
        corners = part.images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners == 255).all(axis=-1).mean() > 0.75
        assert (part.images < 250).any(axis=-1).mean(axis=(1, 2)).min() > 0.05


def test_small_ones_are_means_of_large_ones(sets):
    for split in SPLITS:
        large = sets["google", 64, split].images.astype(float)
        means = large.reshape(-1, 32, 2, 32, 2, 3).mean(axis=(2, 4))
        assert np.abs(sets["google", 32, split].images - means).max() <= 0.5


def test_halves_are_rounded_up():
    small = np.array([[0, 1, 9, 9], [1, 0, 9, 8]], np.uint8).reshape(1, 2, 4, 1)
    assert halve(small).tolist() == [[[[1], [9]]]]
    white = halve(np.full((2, 6, 4, 3), 255, np.uint8))
    assert white.shape == (2, 3, 2, 3) and (white == 255).all()


# Pairs


def standardised(part: ImageSet) -> np.ndarray:
    flat = part.images.reshape(len(part), -1).astype(np.float32)
    return (flat - flat.mean(axis=1, keepdims=True)) / flat.std(axis=1, keepdims=True)


@pytest.mark.parametrize("split", SPLITS)
def test_rows_of_both_styles_are_alike_as_no_other_pairing_is(sets, split):
    """Correlation of the pixels: of pairs, and of the same pictures in 100 other orders."""
    google, twitter = (standardised(sets[style, 32, split]) for style in ("google", "twitter"))
    table = google @ twitter.T / google.shape[1]
    rng = np.random.default_rng(0)
    rows = np.arange(len(table))
    others = [table[rows, rng.permutation(rows)].mean() for _ in range(100)]
    assert np.trace(table) / len(table) > max(others) + 0.2
    # Inside each category too, so that a shift by one row among the likes would show.
    labels = sets["google", 32, split].labels
    for label in range(9):
        inside = np.ix_(labels == label, labels == label)
        assert np.diag(table[inside]).mean() > table[inside].mean() + 0.02


def test_labels_are_those_of_the_same_emoji_in_every_style_and_size(sets):
    for split in SPLITS:
        first, *others = (sets[style, size, split].labels for style, size in KINDS)
        assert all(np.array_equal(first, other) for other in others)


def test_pictures_have_the_colours_that_unicode_names(sets, names):
    """The middle of a red square is red in both styles, whichever split it is in."""
    middles = {
        (style, name): part.images[row, 15:17, 15:17].astype(int).mean(axis=(0, 1))
        for (style, size, split), part in sets.items()
        if size == 32
        for row, name in enumerate(names[split])
        if name in RED + BLUE + GREEN + BLACK
    }
    assert len(middles) == 14
    for (style, name), (red, green, blue) in middles.items():
        if name in RED:
            assert red > max(green, blue) + 50, (style, name)
        elif name in BLUE:
            assert blue > max(red, green) + 20, (style, name)
        elif name in GREEN:
            assert green > max(red, blue) + 20, (style, name)
        else:
            assert max(red, green, blue) < 90, (style, name)


# Labels and splits


def test_categories_fit_the_code_points(sets, names):
    """Pairs of regional indicators are flags; U+1F600 to U+1F637 are faces; tones are of people."""
    for split in SPLITS:
        labels = sets["google", 32, split].labels
        for label, name in zip(labels, names[split], strict=True):
            points = [int(point, 16) for point in name.split("-")]
            if all(0x1F1E6 <= point <= 0x1F1FF for point in points):
                assert CATEGORIES[label] == "Flags"
            if len(points) == 1 and 0x1F600 <= points[0] <= 0x1F637:
                assert CATEGORIES[label] == "Smileys & Emotion"
            if any(0x1F3FB <= point <= 0x1F3FF for point in points):
                assert CATEGORIES[label] == "People & Body"


def bases(names: tuple[str, ...]) -> set[str]:
    return {re.sub(r"-(1F3F[B-F]|FE0F)", "", name) for name in names}


def test_no_emoji_has_pictures_in_both_splits(names):
    train, test = bases(names["train"]), bases(names["test"])
    assert len(train) > 1600 and len(test) > 170 and not train & test
    both = names["train"] + names["test"]
    assert len(set(both)) == len(both)


def test_no_woman_is_in_another_split_than_the_man_and_the_person_of_the_same_work(names):
    """Of sequences that differ in these three alone, or in the signs ♀ and ♂."""

    def kin(names):
        people = {re.sub(r"^(1F468|1F469|1F9D1)-200D", "PERSON", name) for name in bases(names)}
        return {re.sub(r"-200D-(2640|2642)", "", name) for name in people}

    train, test = kin(names["train"]), kin(names["test"])
    assert "PERSON-1F692" in train | test and not train & test


def test_no_picture_occurs_twice_in_a_style(sets):
    for style, size in (("google", 64), ("twitter", 32)):
        both = [image.tobytes() for split in SPLITS for image in sets[style, size, split].images]
        assert len(set(both)) == len(both)


def test_a_tenth_of_every_category_is_for_tests(sets, names):
    counts = {}
    for split in SPLITS:
        labels = sets["google", 32, split].labels
        known = dict(zip(names[split], labels, strict=True))
        counts[split] = np.bincount(
            [known[name] for name in known if not re.search("1F3F[B-F]", name)]
        )
    share = counts["test"] / (counts["train"] + counts["test"])
    assert np.abs(share - 0.1).max() < 0.02


@pytest.mark.parametrize("split", SPLITS)
def test_beginning_and_end_of_a_set_mix_the_categories(sets, split):
    labels = sets["google", 32, split].labels
    whole = np.bincount(labels, minlength=9) / len(labels)
    for part in (labels[:100], labels[-100:]):
        assert chisquare(np.bincount(part, minlength=9), whole * 100)[1] > 1e-3


# What cannot be had


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("apple",), "no style of emoji 'apple'; choose one of google, twitter"),
        ((None,), "no style of emoji None"),
        (("google", "validation"), "no split 'validation'; choose one of train, test"),
        (("google", "train", 48), "no size of emoji 48; choose one of 32, 64"),
        (("google", "train", "64"), "no size of emoji '64'"),
        (("twitter", "train", 64), "twitter are bundled with 32 pixels and not with 64; use size"),
    ],
)
def test_unknown_style_split_or_size(arguments, message):
    with pytest.raises(DataError, match=message) as error:
        load_emoji(*arguments)
    one_sentence(error)


def test_code_points_of_no_split():
    with pytest.raises(DataError, match="no split 'all'") as error:
        emoji_code_points("all")
    one_sentence(error)


@pytest.fixture
def copy(tmp_path, monkeypatch) -> Path:
    """A folder with emoji.npz and checksums.json that a test may damage."""
    for name in ("emoji.npz", "checksums.json"):
        shutil.copy(data_dir() / name, tmp_path)
    monkeypatch.setattr(emoji, "data_dir", lambda: tmp_path)
    return tmp_path


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def change_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3_000_000] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_short, r"emoji\.npz is damaged or was changed"),
        (change_one_bit, "its SHA-256 begins"),
        (Path.unlink, r"emoji\.npz cannot be read"),
    ],
)
def test_damaged_or_missing_file(copy, damage, message):
    damage(copy / "emoji.npz")
    with pytest.raises(DataError, match=message) as error:
        load_emoji()
    assert "install gan-course again" in one_sentence(error)


def replace(folder: Path, content: bytes) -> None:
    """Put other content under the name emoji.npz, with a checksum that fits."""
    (folder / "emoji.npz").write_bytes(content)
    checksums = json.loads((folder / "checksums.json").read_text())
    checksums["emoji"]["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "checksums.json").write_text(json.dumps(checksums))


def npz(**changes) -> bytes:
    arrays = {
        "google_64": np.zeros((3, 64, 64, 3), np.uint8),
        "labels": np.zeros(3, np.uint8),
        "categories": np.array(["a"]),
        "train": np.array([2, 0]),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **(arrays | changes))
    return buffer.getvalue()


def test_a_replaced_file_is_read_like_the_bundled_one(copy):
    replace(copy, npz(labels=np.array([5, 6, 7], np.uint8)))
    assert load_emoji().labels.tolist() == [7, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no readable arrays google_64, labels"),
        (b"not a zip file", "holds no readable arrays"),
        (npz(train=np.array([3])), "holds no readable arrays"),
        (npz(google_64=np.array([None] * 3)), "holds no readable arrays"),
        (npz(google_64=np.zeros((3, 32, 32, 3), np.uint8)), r"shape \(32, 32, 3\) and should"),
        (npz(google_64=np.zeros((3, 64, 64, 3))), "are float64"),
        (npz(train=np.array([], int)), r"of shape \(0, 64"),
    ],
    ids=["empty file", "no zip", "row too far", "pickled", "other size", "floats", "no rows"],
)
def test_file_that_is_none(copy, content, message):
    replace(copy, content)
    with pytest.raises(DataError, match=message) as error:
        load_emoji(size=64)
    one_sentence(error)


def test_python_without_lzma(monkeypatch):
    monkeypatch.setitem(sys.modules, "lzma", None)
    with pytest.raises(DataError, match="built without its module lzma") as error:
        load_emoji()
    one_sentence(error)
