"""Pictures that look alike: the hash against its definition, the pairs against all pairs."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gan_utils.data import duplicates
from gan_utils.data.duplicates import difference_hashes, near_duplicates, thumbnail


def scene(seed, size=120):
    """A few discs of random colours and places on a plain ground."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (size, size), tuple(rng.integers(0, 256, 3).tolist()))
    for _ in range(6):
        x, y, radius = (rng.random(3) * (size, size, size / 3)).tolist()
        colour = tuple(rng.integers(0, 256, 3).tolist())
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    return image


def recoded(image, **options):
    stream = io.BytesIO()
    image.save(stream, **options)
    return Image.open(stream)


def groups_of(images):
    return near_duplicates(np.stack([thumbnail(image) for image in images]))


def test_the_hash_says_where_the_right_neighbour_is_clearly_brighter():
    values = np.random.default_rng(0).integers(0, 256, (5, 8, 9, 1), dtype=np.uint8)
    for one, number in zip(values, difference_hashes(values), strict=True):
        expected = "".join(
            str(int(int(one[y, x + 1, 0]) > int(one[y, x, 0]) + 2))
            for y, x in itertools.product(range(8), range(8))
        )
        assert f"{int(number.byteswap()):064b}" == expected


def test_the_thumbnail_is_that_of_the_central_square():
    wide = np.zeros((40, 100, 3), np.uint8)
    wide[:, 30:70] = 200
    assert (thumbnail(Image.fromarray(wide)) == 200).all()
    assert thumbnail(Image.new("L", (3, 5))).shape == (8, 9, 1)


CHANGES = {
    "another format": lambda image: recoded(image, format="webp", quality=80),
    "a poor JPEG": lambda image: recoded(image, format="jpeg", quality=30),
    "half the size": lambda image: image.resize((60, 60), Image.Resampling.LANCZOS),
    "a little brighter": lambda image: image.point(lambda value: min(255, value + 4)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_looks_like_its_original_and_others_do_not(change):
    originals = [scene(seed) for seed in range(40)]
    copies = [CHANGES[change](image) for image in originals]
    assert groups_of(originals) == []
    found = groups_of(originals + copies)
    assert all(group in [[n, n + 40] for n in range(40)] for group in found)
    assert len(found) >= 38


def test_plain_pictures_of_other_colours_are_not_alike():
    """Their hashes are all zero."""
    plain = [Image.new("RGB", (9, 9), c) for c in ("red", "lime", "blue", "white", "red", "black")]
    assert groups_of(plain) == [[0, 4]]


def test_groups_are_those_that_comparing_all_pairs_gives():
    rng = np.random.default_rng(1)
    thumbs = rng.integers(0, 256, (1200, 8, 9, 3), dtype=np.uint8)
    for later in range(900, 1200):  # copies of earlier ones, more and less changed
        noise = rng.normal(0, rng.choice([0, 2, 5, 9]), thumbs[0].shape)
        copied = thumbs[rng.integers(0, later)] + noise
        thumbs[later] = np.clip(np.rint(copied), 0, 255)
    bits = difference_hashes(thumbs)
    near = np.bitwise_count(bits[:, None] ^ bits) <= 3
    flat = thumbs.reshape(len(thumbs), -1).astype(float)
    squares = (flat**2).sum(1)
    levels = np.sqrt(np.maximum(squares[:, None] + squares - 2 * flat @ flat.T, 0) / flat.shape[1])
    near &= levels <= 6
    groups, seen = [], set()
    for start in range(len(thumbs)):
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            new = set(np.flatnonzero(near[waiting.pop()]).tolist()) - group
            group |= new
            waiting += new
        seen |= group
        if len(group) > 1:
            groups.append(sorted(group))
    assert len(groups) > 50
    assert near_duplicates(thumbs) == groups


@pytest.mark.parametrize("noise", [0, 2])
def test_where_all_look_alike_the_work_grows_with_their_number_alone(monkeypatch, noise):
    compared = []
    levels_apart = duplicates._levels_apart

    def counting(thumbnails, one, other):
        compared.append(len(one))
        return levels_apart(thumbnails, one, other)

    monkeypatch.setattr(duplicates, "_levels_apart", counting)
    rng = np.random.default_rng(0)
    one = rng.integers(5, 250, (1, 8, 9, 1))
    thumbs = (one + rng.integers(-noise, noise + 1, (5000, 8, 9, 1))).astype(np.uint8)
    (group,) = near_duplicates(thumbs)
    assert group == list(range(5000))
    assert sum(compared) < 5000 * 32 * 4


def test_few_pictures_and_none():
    assert near_duplicates(np.zeros((1, 8, 9, 3), np.uint8)) == []
    assert near_duplicates(np.zeros((0, 8, 9, 3), np.uint8)) == []
