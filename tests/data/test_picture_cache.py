"""What the cache gives back, and that whatever happens to it costs no more than time."""

import json
import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

from gan_utils.data.picture_cache import Entry, fingerprint
from gan_utils.errors import OutputError

IMAGES = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 3), dtype=np.uint8)
RECORD = {"files": ["猫.png", "caf\udce9.png"], "labels": None, "survey": {"n": 2}}


@pytest.fixture
def entry(tmp_path):
    made = Entry(tmp_path, "place", "content")
    made.write(iter(IMAGES), (8, 8, 3), lambda: RECORD)
    return made


def test_what_was_written_is_read_as_a_memory_map(entry):
    images, record = entry.read()
    np.testing.assert_array_equal(images, IMAGES)
    assert record == RECORD and images.dtype == np.uint8
    assert isinstance(images.base, np.memmap)
    np.testing.assert_array_equal(np.load(entry.images, allow_pickle=False), IMAGES)


def test_changes_to_the_images_stay_in_memory(entry):
    images, _ = entry.read()
    images[:] = 0
    np.testing.assert_array_equal(entry.read()[0], IMAGES)


def test_the_record_is_made_when_all_images_were_taken(tmp_path):
    taken = []

    def images():
        for image in IMAGES:
            taken.append(1)
            yield image

    entry = Entry(tmp_path, "place", "content")
    entry.write(images(), (8, 8, 3), lambda: {"taken": len(taken)})
    assert entry.read()[1] == {"taken": 200}


def test_no_images_are_kept_too(tmp_path):
    entry = Entry(tmp_path, "place", "content")
    entry.write(iter(()), (8, 8, 3), lambda: RECORD)
    assert entry.read()[0].shape == (0, 8, 8, 3)


def replace(path, old, new):
    path.write_bytes(path.read_bytes().replace(old, new))


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def pickled(entry):
    """An array of objects, which only pickle reads; the record fits it."""
    np.save(entry.images, np.array([None, {}], object), allow_pickle=True)
    stored = json.loads(entry.record.read_bytes())
    content = entry.images.read_bytes()
    stored["crc_images"] = zlib.crc32(content[128:])
    entry.record.write_text(json.dumps(stored))


DAMAGE = {
    "no images": lambda entry: entry.images.unlink(),
    "no record": lambda entry: entry.record.unlink(),
    "images cut off": lambda entry: os.truncate(entry.images, 5000),
    "images empty": lambda entry: os.truncate(entry.images, 0),
    "one bit of an image": lambda entry: flip(entry.images, 20_000),
    "one bit of the first bytes": lambda entry: flip(entry.images, 2),
    "another shape": lambda entry: replace(entry.images, b"(200, 8, 8, 3)", b"(200, 8, 4, 3)"),
    "another order": lambda entry: replace(entry.images, b"order': False", b"order': True "),
    "no array": lambda entry: entry.images.write_bytes(b"no array"),
    "objects": pickled,
    "record cut off": lambda entry: os.truncate(entry.record, 50),
    "record empty": lambda entry: os.truncate(entry.record, 0),
    "record changed": lambda entry: replace(entry.record, b'"n": 2', b'"n": 3'),
    "no record of ours": lambda entry: entry.record.write_text("[1, 2]"),
    "record without end": lambda entry: entry.record.write_text("[" * 100_000),
    "no text": lambda entry: entry.record.write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_entry_that_is_not_whole_is_none_and_can_be_made_again(entry, damage):
    DAMAGE[damage](entry)
    assert entry.read() is None
    entry.write(iter(IMAGES), (8, 8, 3), lambda: RECORD)
    np.testing.assert_array_equal(entry.read()[0], IMAGES)


def test_an_interrupted_writing_leaves_nothing(tmp_path):
    def images():
        yield IMAGES[0]
        raise KeyboardInterrupt

    entry = Entry(tmp_path, "place", "content")
    with pytest.raises(KeyboardInterrupt):
        entry.write(images(), (8, 8, 3), dict)
    assert list(tmp_path.iterdir()) == [] and entry.read() is None


def test_a_killed_writing_is_as_if_it_had_not_been(tmp_path):
    program = (
        "import os, sys, numpy as np\n"
        "from gan_utils.data.picture_cache import Entry\n"
        "def images():\n"
        "    yield np.zeros((8, 8, 3), np.uint8)\n"
        "    os._exit(9)\n"
        "Entry(sys.argv[1], 'place', 'content').write(images(), (8, 8, 3), dict)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path]).returncode == 9
    assert Entry(tmp_path, "place", "content").read() is None


def test_the_former_entry_of_a_place_goes_and_others_stay(tmp_path, entry):
    other = Entry(tmp_path, "elsewhere", "content")
    other.write(iter(IMAGES), (8, 8, 3), lambda: RECORD)
    new = Entry(tmp_path, "place", "changed")
    new.write(iter(IMAGES), (8, 8, 3), lambda: RECORD)
    assert entry.read() is None and not entry.images.exists() and not entry.record.exists()
    assert new.read() and other.read()


def test_a_folder_that_takes_no_files(tmp_path):
    (tmp_path / "file").write_text("")
    entry = Entry(tmp_path / "file" / "cache", "place", "content")
    with pytest.raises(OutputError):
        entry.write(iter(IMAGES), (8, 8, 3), dict)
    assert entry.read() is None


def test_a_name_changes_with_name_size_time_and_settings_and_with_nothing_else(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"1")
    os.utime(file, ns=(1, 1))
    first = fingerprint([("a.png", file)], 64)
    assert fingerprint([("a.png", file)], 64) == first and len(first) == 32
    others = [fingerprint([("b.png", file)], 64), fingerprint([("a.png", file)], 32)]
    others += [fingerprint([("a.png", tmp_path / "gone.png")], 64), fingerprint([], 64)]
    os.utime(file, ns=(1, 2))
    others.append(fingerprint([("a.png", file)], 64))
    file.write_bytes(b"12")
    os.utime(file, ns=(1, 1))
    others.append(fingerprint([("a.png", file)], 64))
    assert len({first, *others}) == 7
    assert fingerprint([("caf\udce9.png", file)])


def test_the_users_cache_is_the_default(user_cache):
    assert Entry(None, "a", "b").folder == user_cache / "gan-course" / "pictures"
