"""Two domains from folders: what becomes a pair, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from gan_utils.data.pairs import load_domains, load_pairs
from gan_utils.errors import DataError
from sentences import one_sentence


def save(path, grey, width=8, height=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), grey, np.uint8)).save(path)
    return path


def greys(images):
    return images[:, 0, 0, 0].tolist()


def test_images_of_the_same_name_are_a_pair(tmp_path):
    for number, name in enumerate(("c", "a", "b")):
        save(tmp_path / "A" / f"{name}.png", 10 + number)
        save(tmp_path / "B" / f"{name}.bmp", 20 + number)
    (tmp_path / "A" / "notes.txt").write_text("no image")
    found = load_pairs(tmp_path, size=4)
    assert greys(found.a) == [11, 12, 10] and greys(found.b) == [21, 22, 20]
    assert found.paired and found.name == tmp_path.name
    assert found.a.shape == (3, 4, 4, 3) and found.a.dtype == np.uint8
    assert load_pairs(tmp_path, size=4, channels=1, limit=2).b.shape == (2, 4, 4, 1)


def test_a_file_with_both_images_is_cut_in_the_middle(tmp_path):
    for name, left, right in (("one", 10, 200), ("two", 30, 90)):
        halves = np.repeat(np.array([[left, right]], np.uint8), 8, axis=1).repeat(8, axis=0)
        Image.fromarray(halves).save(tmp_path / f"{name}.png")
    found = load_pairs(tmp_path, size=8)
    assert greys(found.a) == [10, 30] and greys(found.b) == [200, 90]
    assert found.a.std(axis=(1, 2, 3)).max() == 0  # nothing of the other half


@pytest.mark.parametrize("prefix", ["", "train"])
def test_domains_without_pairs_may_differ_in_number(tmp_path, prefix):
    for number in range(3):
        save(tmp_path / f"{prefix}A" / f"{number}.png", number)
    save(tmp_path / f"{prefix}B" / "other.png", 99)
    found = load_domains(tmp_path, size=4, channels=1)
    assert greys(found.a) == [0, 1, 2] and greys(found.b) == [99] and not found.paired


def test_the_folders_of_both_domains_may_lie_apart(tmp_path):
    for number, name in enumerate(("x", "y")):
        save(tmp_path / "here" / f"{name}.png", number)
        save(tmp_path / "there" / f"{name}.png", 10 + number)
    save(tmp_path / "there" / "z.png", 12)
    here, there = tmp_path / "here", tmp_path / "there"
    found = load_domains(here, size=4, other=there)
    assert greys(found.a) == [0, 1] and greys(found.b) == [10, 11, 12] and not found.paired
    with pytest.raises(DataError, match=r"'z' is in .*there alone"):
        load_pairs(here, size=4, other=there)
    (there / "z.png").unlink()
    found = load_pairs(here, size=4, other=there)
    assert greys(found.a) == [0, 1] and greys(found.b) == [10, 11] and found.paired
    with pytest.raises(DataError, match="does not exist"):
        load_pairs(here, other=tmp_path / "nowhere")


def lonely(folder):
    save(folder / "A" / "x.png", 1)
    save(folder / "A" / "y.png", 1)
    save(folder / "B" / "x.png", 1)


def empty_domain(folder):
    save(folder / "A" / "x.png", 1)
    (folder / "B").mkdir()


def empty_sides(folder):
    for side in "AB":
        (folder / side).mkdir()


def twice(folder):
    for name in ("x.bmp", "x.png"):
        save(folder / "A" / name, 1)
    save(folder / "B" / "x.png", 1)


def of_odd_width(folder):
    for name in ("x", "y"):
        save(folder / f"{name}.png", 1, width=7)
    save(folder / "z.png", 1)


def unreadable(folder):
    (folder / "x.png").write_bytes(b"no image")


REFUSED = {
    "A holds 2 images and": (load_pairs, lonely),
    "A alone; give each image a partner of the same name": (load_pairs, lonely),
    "is 7 pixels wide": (load_pairs, lambda folder: save(folder / "x.png", 1, width=7)),
    "2 of 3 images cannot be used (": (load_pairs, of_odd_width),
    "x.png is 7 pixels wide, which two images side by side cannot": (load_pairs, of_odd_width),
    "holds no pairs": (load_pairs, lambda folder: None),
    "holds no pairs; give one with folders A and B": (load_pairs, empty_sides),
    "A holds x.bmp beside x.png; give each image a name of its own": (load_pairs, twice),
    "cannot be read": (load_pairs, unreadable),
    "B holds no images; give at least one of each domain": (load_domains, empty_domain),
    "holds no folders A and B, nor trainA and trainB": (
        load_domains,
        lambda folder: save(folder / "A" / "x.png", 1),
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_refused_with_one_sentence(tmp_path, words):
    load, prepare = REFUSED[words]
    prepare(tmp_path)
    with pytest.raises(DataError) as error:
        load(tmp_path, size=4)
    assert words in one_sentence(error)


@pytest.mark.parametrize("load", [load_pairs, load_domains])
def test_numbers_that_cannot_be(tmp_path, load):
    for words, options in {
        "size is 0": {"size": 0},
        "no number of channels 2": {"channels": 2},
        "limit is 0": {"limit": 0},
    }.items():
        with pytest.raises(DataError, match=words) as error:
            load(tmp_path, **options)
        one_sentence(error)
    with pytest.raises(DataError, match="does not exist"):
        load(tmp_path / "nowhere")
