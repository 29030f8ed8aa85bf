"""Pictures that look alike, found among many without comparing each with each.

A picture's difference hash has a bit for every two neighbours of a thumbnail of 9 × 8 cells:
whether the right one is clearly brighter than the left one. Scaling, other formats and slight
changes of colour leave nearly all of the 64 bits alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

WIDTH, HEIGHT = 9, 8  # of the thumbnail: 8 × 8 pairs of neighbours make 64 bits
BITS_APART = 3  # at most, of two that look alike
# Hashes alone call every plain picture like every other, and many a handwritten 1 like the next:
# thumbnails of two that look alike also differ by at most this (root mean square, of 255).
LEVELS_APART = 6
CLEARLY = 2  # levels; smaller steps are the noise of a plain ground
CHUNK = 10_000  # pairs of thumbnails that are held as numbers at a time
REACH = 32  # neighbours in its row that each picture is compared with


def thumbnail(image: Image.Image) -> np.ndarray:
    """The central square of an image on 9 × 8 cells: uint8 (8, 9, channels)."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.BOX, box=box)
    return np.asarray(small).reshape(HEIGHT, WIDTH, -1)


def difference_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """The difference hash of each thumbnail (n, 8, 9, channels) as a uint64 (n,)."""
    grey = thumbnails.mean(axis=3)
    bits = grey[:, :, 1:] > grey[:, :, :-1] + CLEARLY
    return np.packbits(bits.reshape(-1, 64), axis=1).view(np.uint64)[:, 0]


def near_duplicates(thumbnails: np.ndarray) -> list[list[int]]:
    """Groups of pictures that look alike, by their numbers: each looks like another of its group.

    thumbnails: uint8 (n, 8, 9, channels). Time and memory grow with n alone, also where all look
    alike: hashes are sorted by sixteen selections of 28 bits, of which two that are at most three
    bits apart share one whole, and each is compared with the next 32 that share a selection. Where
    more than 32 share it, a pair may be missed.
    """
    bits = difference_hashes(thumbnails)
    brightness = thumbnails.mean(axis=(1, 2, 3))
    groups = np.arange(len(bits))  # of each picture; so far each is alone
    for round_, mask in enumerate(_selections(bits)):
        keys = bits & mask
        # Those of one hash stand in order of their brightness, beside those they may look like.
        order = np.lexsort((brightness, bits, keys))
        edges = [np.empty((2, 0), int)]
        for step in range(1, REACH + 1):
            pairs = np.stack([order[:-step], order[step:]])
            pairs = pairs[:, keys[pairs[0]] == keys[pairs[1]]]
            if not pairs.size:
                break
            one, other = pairs
            apart = np.bitwise_count(bits[one] ^ bits[other])
            # Equal hashes are together in every round: once is enough.
            maybe = (apart <= BITS_APART) & (groups[one] != groups[other])
            maybe &= (apart > 0) | (round_ == 0)
            # No two thumbnails are less apart than their means.
            maybe &= np.abs(brightness[one] - brightness[other]) <= LEVELS_APART
            pairs = pairs[:, maybe]
            edges.append(pairs[:, _levels_apart(thumbnails, *pairs) <= LEVELS_APART])
        groups = _joined(groups, np.concatenate(edges, axis=1))
    members: dict[int, list[int]] = {}
    for picture, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(picture)
    return [group for group in members.values() if len(group) > 1]


def _joined(groups: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The group of each picture once those of every pair of pictures (2, m) are one."""
    count = int(groups.max(initial=0)) + 1
    links = coo_array((np.ones(pairs.shape[1], bool), groups[pairs]), shape=(count, count))
    return connected_components(links, directed=False)[1][groups]


def _selections(bits: np.ndarray) -> Iterator[np.uint64]:
    """Sixteen masks of 28 bits such that three changed bits leave at least one of them whole.

    Of four quarters of the 64 bits one is whole, and of four quarters of the rest another one.
    Bits that tell many pictures apart are dealt out evenly, so that few pictures share a selection.
    """
    places = np.uint64(1) << np.arange(64, dtype=np.uint64)
    shares = np.array([np.count_nonzero(bits & place) for place in places]) / max(len(bits), 1)
    places = places[np.argsort(np.abs(shares - 0.5), kind="stable")]
    for first in range(4):
        rest = np.delete(places, np.s_[first::4])
        for second in range(4):
            yield places[first::4].sum() + rest[second::4].sum()


def _levels_apart(thumbnails: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Root mean square differences of thumbnails at these numbers, in levels of 255."""
    apart = np.empty(len(one))
    for start in range(0, len(one), CHUNK):
        part = np.s_[start : start + CHUNK]
        differences = thumbnails[one[part]].astype(np.float32) - thumbnails[other[part]]
        apart[part] = np.sqrt(np.mean(np.square(differences), axis=(1, 2, 3)))
    return apart
