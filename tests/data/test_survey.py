"""The table of what a folder holds: each row against files that were made to fill it."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from gan_utils.data import survey_folder
from gan_utils.data.survey import Survey

pytestmark = pytest.mark.usefixtures("user_cache")


def noise(seed, width=40, height=40, channels=3):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def folder(tmp_path):
    """One of everything."""
    cats, dogs = tmp_path / "cats", tmp_path / "dogs"
    for path in (cats, dogs, tmp_path / "birds"):
        path.mkdir()
    noise(1, 100, 50).save(cats / "landscape.png")
    noise(2, 50, 100).save(cats / "portrait.png")
    noise(3, 1000, 960).save(cats / "large.jpg")
    noise(3, 1000, 960).resize((500, 480)).save(cats / "large again.png")
    noise(4, 30, 30, 1).save(dogs / "grey.png")
    noise(5, 40, 40, 4).save(dogs / "transparent.png")
    noise(6).convert("CMYK").save(dogs / "cmyk.jpg")
    noise(7).convert("1").save(dogs / "one bit.png")
    noise(8).quantize(16).save(dogs / "palette.gif", save_all=True, append_images=[noise(9)])
    deep = np.random.default_rng(10).integers(0, 65536, (40, 40), dtype=np.uint16)
    Image.fromarray(deep).save(dogs / "deep.png")
    (dogs / "empty.png").write_bytes(b"")
    (dogs / "text.jpg").write_text("no picture")
    for name in ("1.heic", "2.HEIC", "README"):
        (dogs / name).write_bytes(b"something")
    (dogs / ".DS_Store").write_bytes(b"left")
    return tmp_path


def test_every_row_of_the_table(folder):
    found = survey_folder(folder, size=32)
    assert found.files == 12 and found.readable == 10
    assert found.classes == {"cats": 4, "dogs": 6}
    assert (found.smallest, found.largest) == ([30, 30], [1000, 960])
    assert found.median == [40, 40]  # of 30, 40 × 5, 50, 100, 500, 1000, and so for the heights
    assert found.enlarged == 1
    assert found.shapes == {"square": 8, "landscape": 1, "portrait": 1}
    assert found.colours == {
        "colour": 5, "grey": 2, "CMYK": 1, "black and white (1 bit)": 1, "colours of a palette": 1,
    }  # fmt: skip
    assert found.sixteen_bits == 1 and found.transparent == 1
    assert found.animated == ["dogs/palette.gif"]
    assert found.near_duplicates == [["cats/large again.png", "cats/large.jpg"]]
    assert found.passed_over == {"": 1, ".heic": 2} and found.empty == ["birds"]
    assert found.unreadable.keys() == {"dogs/empty.png", "dogs/text.jpg"}
    assert found.unreadable["dogs/empty.png"] == "it is empty"


def test_the_table_says_it_in_plain_words(folder):
    lines = str(survey_folder(folder, size=32, channels=1)).splitlines()
    assert lines[0] == f"The pictures in {folder.name}"
    rows = {line[:18].strip(): line[18:].strip() for line in lines[1:-2]}
    assert rows == {
        "image files": "12, of which 10 can be read",
        "classes": "cats 4, dogs 6",
        "sizes": "smallest 30 × 30, median 40 × 40, largest 1000 × 960 (width × height, in pixels)",
        "shapes": "square 8, landscape 1, portrait 1",
        "stored as": "colour 5, grey 2, CMYK 1, black and white (1 bit) 1, colours of a palette 1",
        "16 bits a channel": "1, scaled to 8 bits",
        "transparent": "1, laid on white",
        "several frames": "1, of which the first one is used (dogs/palette.gif)",
        "near-duplicates": "1 group of files that look alike, 2 in all "
        "(cats/large.jpg like cats/large again.png)",
        "other files": ".heic 2, no ending 1, passed over",
        "empty folders": "birds",
        "each becomes": "32 × 32 in grey: the central square, resized; 1 is smaller and is "
        "enlarged",
        "cannot be read": "2",
    }
    assert lines[-2] == "  dogs/empty.png: it is empty"
    assert lines[-1].startswith("  dogs/text.jpg: cannot identify its content as one of JPEG")


def test_rows_that_say_nothing_are_left_out(tmp_path):
    for seed in range(3):
        noise(seed).save(tmp_path / f"{seed}.png")
    assert str(survey_folder(tmp_path, size=16)).splitlines()[1:] == [
        "image files     3, of which 3 can be read",
        "sizes           all 40 × 40 (width × height, in pixels)",
        "shapes          square 3",
        "stored as       colour 3",
        "each becomes    16 × 16 in colour: the central square, resized",
        "cannot be read  0",
    ]


def test_a_folder_in_which_nothing_can_be_read_has_a_table_too(tmp_path):
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(b"no image")
    found = survey_folder(tmp_path)
    assert found.readable == 0 and found.smallest == [] and len(found.unreadable) == 20
    text = str(found)
    assert text.count("cannot identify") == 20 and "becomes" not in text and "sizes" not in text


def test_a_survey_is_the_same_after_a_trip_through_json(folder):
    found = survey_folder(folder)
    assert Survey(**json.loads(json.dumps(asdict(found)))) == found


def test_the_median_is_that_of_widths_and_of_heights(tmp_path):
    for number, sides in enumerate([(10, 80), (20, 70), (30, 60), (90, 50), (95, 40)]):
        noise(number, *sides).save(tmp_path / f"{number}.png")
    found = survey_folder(tmp_path, size=8)
    assert found.median == [30, 60]
    assert found.smallest == [10, 80] and found.largest == [90, 50]
