"""What a look at every picture of a folder finds, as one table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from gan_utils.data.duplicates import HEIGHT, WIDTH, near_duplicates
from gan_utils.data.listing import Listing
from gan_utils.data.pictures import Facts

SQUARE = 1.05  # the longer side of a square picture in shorter ones, at most
NAMED = 3  # examples in a row of the table


@dataclass(frozen=True)
class Survey:
    """What the image files of a folder hold; printed, it is a table in plain text.

    name: the folder's. size, channels: what each image becomes.
    files: how many were looked at.
    classes: how many images of each class can be read.
    smallest, median, largest: [width, height] in pixels, of the files with fewest and most pixels
        and the medians of both sides; empty where no file can be read.
    enlarged: how many are smaller than the images that are made of them.
    shapes, colours: how many are landscape, portrait and (up to 5 %) square, and how many store
        their colours in which way.
    sixteen_bits, transparent: how many store 16 bits a channel, and let the white ground through.
    animated: files whose first frame or page alone is used.
    near_duplicates: groups of files that look alike, each like at least one other of its group.
    passed_over: how many files have each ending that is not one of images, "" for none.
    empty: sub-folders that hold nothing.
    unreadable: why each file cannot be read that cannot.
    """

    name: str
    size: int
    channels: int
    files: int
    classes: dict[str, int]
    smallest: list[int]
    median: list[int]
    largest: list[int]
    enlarged: int
    shapes: dict[str, int]
    colours: dict[str, int]
    sixteen_bits: int
    transparent: int
    animated: list[str]
    near_duplicates: list[list[str]]
    passed_over: dict[str, int]
    empty: list[str]
    unreadable: dict[str, str]

    @property
    def readable(self) -> int:
        """How many files can be read."""
        return sum(self.shapes.values())

    def __str__(self) -> str:
        rows = [("image files", f"{self.files:,}, of which {self.readable:,} can be read")]
        rows += [(what, text) for what, text in self._rows() if text]
        rows.append(("cannot be read", f"{len(self.unreadable):,}"))
        width = max(len(what) for what, _ in rows)
        lines = [f"The pictures in {self.name}"]
        lines += [f"{what:{width}}  {text}" for what, text in rows]
        # All of them, however many: each is a file to be mended.
        lines += [f"  {name}: {reason}" for name, reason in self.unreadable.items()]
        return "\n".join(lines)

    def _rows(self) -> list[tuple[str, str]]:
        """The rows of the table that stand there only where they say something."""
        endings = {ending or "no ending": count for ending, count in self.passed_over.items()}
        return [
            ("classes", _counts(self.classes)),
            ("sizes", self._sizes()),
            ("shapes", _counts(self.shapes)),
            ("stored as", _counts(self.colours)),
            ("16 bits a channel", _number(self.sixteen_bits, "scaled to 8 bits")),
            ("transparent", _number(self.transparent, "laid on white")),
            ("several frames", self._frames()),
            ("near-duplicates", self._alike()),
            ("other files", _counts(endings) and f"{_counts(endings)}, passed over"),
            ("empty folders", ", ".join(self.empty)),
            ("each becomes", self._becomes()),
        ]

    def _sizes(self) -> str:
        if not self.readable:
            return ""
        sizes = f"all {_times(self.median)}"
        if self.smallest != self.largest:
            sizes = f"smallest {_times(self.smallest)}, median {_times(self.median)}, "
            sizes += f"largest {_times(self.largest)}"
        return f"{sizes} (width × height, in pixels)"

    def _frames(self) -> str:
        used = _number(len(self.animated), "of which the first one is used")
        return used + _examples(self.animated)

    def _alike(self) -> str:
        if not self.near_duplicates:
            return ""
        count, total = len(self.near_duplicates), sum(map(len, self.near_duplicates))
        groups = "group" if count == 1 else "groups"
        pairs = [f"{group[1]} like {group[0]}" for group in self.near_duplicates]
        alike = f"{count:,} {groups} of files that look alike, {total:,} in all"
        return alike + _examples(pairs)

    def _becomes(self) -> str:
        if not self.readable:
            return ""
        colours = "grey" if self.channels == 1 else "colour"
        small = "is smaller and is" if self.enlarged == 1 else "are smaller and are"
        becomes = f"{self.size} × {self.size} in {colours}: the central square, resized"
        return becomes + (f"; {self.enlarged:,} {small} enlarged" if self.enlarged else "")


class Findings:
    """What was found in each file so far, on its way into a `Survey`."""

    def __init__(self) -> None:
        self.facts: list[Facts] = []
        self.names: list[str] = []
        self.labels: list[int] = []
        # In one piece: kept singly, they lie scattered in memory and hold it ten times over.
        self.thumbnails = bytearray()
        self.unreadable: dict[str, str] = {}

    def add(self, name: str, label: int, facts: Facts, thumbnail: np.ndarray) -> None:
        self.names.append(name)
        self.labels.append(label)
        self.facts.append(facts)
        self.thumbnails += thumbnail.tobytes()

    def survey(self, name: str, listing: Listing, size: int, channels: int) -> Survey:
        """The survey of a listing whose every file is in here by now."""
        counts = Counter(self.labels)
        smallest = median = largest = []
        alike = []
        if self.facts:
            sizes = [[f.width, f.height] for f in self.facts]
            by_pixels = sorted(sizes, key=lambda sides: (sides[0] * sides[1], sides))
            smallest, largest = by_pixels[0], by_pixels[-1]
            median = np.median(by_pixels, axis=0).astype(int).tolist()
            thumbnails = np.frombuffer(self.thumbnails, np.uint8)
            alike = near_duplicates(thumbnails.reshape(len(self.facts), HEIGHT, WIDTH, channels))
        return Survey(
            name=name,
            size=size,
            channels=channels,
            files=len(listing.files),
            classes={title: counts[label] for label, title in enumerate(listing.class_names)},
            smallest=smallest,
            median=median,
            largest=largest,
            enlarged=sum(min(f.width, f.height) < size for f in self.facts),
            shapes=_tally(_shape(f) for f in self.facts),
            colours=_tally(f.colours for f in self.facts),
            sixteen_bits=sum(f.sixteen_bits for f in self.facts),
            transparent=sum(f.transparent for f in self.facts),
            animated=[n for n, f in zip(self.names, self.facts, strict=True) if f.animated],
            near_duplicates=[[self.names[number] for number in group] for group in alike],
            passed_over=listing.passed_over,
            empty=list(listing.empty),
            unreadable=self.unreadable,
        )


def _shape(facts: Facts) -> str:
    if max(facts.width, facts.height) <= SQUARE * min(facts.width, facts.height):
        return "square"
    return "landscape" if facts.width > facts.height else "portrait"


def _tally(words) -> dict[str, int]:
    """How often each word occurs, the most frequent one first."""
    return dict(Counter(words).most_common())


def _times(sides: list[int]) -> str:
    return " × ".join(map(str, sides))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _number(count: int, what: str) -> str:
    return f"{count:,}, {what}" if count else ""


def _examples(names: list[str]) -> str:
    """A few of the names in parentheses, or nothing of none."""
    more = ", …" if len(names) > NAMED else ""
    return f" ({', '.join(names[:NAMED])}{more})" if names else ""
