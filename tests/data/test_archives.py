"""Zip files: what is unpacked, and what is refused before anything of it is."""

import io
import os
import stat
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan_utils.data import archives
from gan_utils.data.archives import unpacked
from gan_utils.errors import DataError
from sentences import one_sentence


def picture(grey=7):
    stream = io.BytesIO()
    Image.new("L", (9, 9), grey).save(stream, "png")
    return stream.getvalue()


def packed(path, contents, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return path


def inside(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_pictures_are_unpacked_and_gone_afterwards(tmp_path):
    contents = {"猫/1.png": picture(), "dogs\\2.PNG": picture(8), "notes.txt": "long text",
                "__MACOSX/猫/._1.png": "left", ".hidden/3.png": picture()}  # fmt: skip
    path = packed(tmp_path / "a.zip", contents)
    with unpacked(path) as folder:
        assert inside(folder) == ["dogs/2.PNG", "notes.txt", "猫/1.png"]
        assert (folder / "猫" / "1.png").read_bytes() == picture()
        assert (folder / "notes.txt").read_bytes() == b""  # its name is all that is told of
    assert not folder.exists() and list(tmp_path.iterdir()) == [path]


def test_a_folder_around_everything_stands_for_the_whole(tmp_path):
    contents = {"photos/": "", "photos/cats/1.png": picture(), "photos/dogs/1.png": picture(),
                "__MACOSX/photos/._x": "left"}  # fmt: skip
    with unpacked(packed(tmp_path / "a.zip", contents)) as folder:
        assert inside(folder) == ["cats/1.png", "dogs/1.png"]


def linked(path):
    entry = zipfile.ZipInfo("cats/link.png")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return packed(path, {"cats/1.png": picture(), entry: "/etc/passwd"})


def locked(path):
    """Python writes no passwords; the mark of one is set in the file by hand."""
    packed(path, {"1.png": picture()})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    return path


def cut(path):
    packed(path, {"1.png": picture()})
    path.write_bytes(path.read_bytes()[:-30])
    return path


def changed(path):
    """One byte of what is packed is another."""
    noise = np.random.default_rng(0).bytes(500)
    packed(path, {"1.png": noise}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[200] ^= 255
    path.write_bytes(content)
    return path


def no_zip(path):
    path.write_text("no zip file")
    return path


def entry_named(name):
    return lambda path: packed(path, {"ok.png": picture(), name: picture()})


REFUSED = {
    "up": (entry_named("../up.png"), r"would leave its folder \(\.\./up\.png\)"),
    "far up": (entry_named("cats/../../up.png"), "would leave its folder"),
    "up, as on Windows": (entry_named("cats\\..\\..\\up.png"), "would leave its folder"),
    "from the root": (
        lambda path: entry_named(f"{path.parent}/up.png")(path),
        "would leave its folder",
    ),
    "of a drive": (entry_named("C:\\up.png"), "would leave its folder"),
    "hidden and up": (entry_named(".x/../../.up.png"), "would leave its folder"),
    "link": (linked, r"holds a link \(cats/link\.png\)"),
    "password": (locked, "locked with a password; unpack it yourself"),
    "cut": (cut, "no zip file or is damaged"),
    "changed": (changed, r"is damaged \(Bad CRC-32.*1\.png"),
    "no zip": (no_zip, r"is no zip file or is damaged \(File is not a zip file\)"),
    "a file and a folder": (
        lambda path: packed(path, {"a.png": picture(), "a.png/b.png": picture()}),
        "cannot be unpacked",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence_and_nothing_is_left(tmp_path, monkeypatch, case):
    make, words = REFUSED[case]
    (tmp_path / "temporary" / "deep").mkdir(parents=True)
    monkeypatch.setattr(archives.tempfile, "tempdir", str(tmp_path / "temporary" / "deep"))
    path = make(tmp_path / "a.zip")
    with pytest.raises(DataError, match=words) as error, unpacked(path):
        pytest.fail("it was unpacked")
    assert str(path) in one_sentence(error)
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert left == [path]


def test_a_bomb_is_refused_by_what_it_unpacks_to(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.zip", {f"{n}.png": bytes(10**6) for n in range(20)})
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(archives, "LARGEST", 10**7)
    with pytest.raises(DataError, match=r"unpacks to 0\.0 GiB, .* this course unpacks") as error:
        unpacked(path).__enter__()
    one_sentence(error)


def test_more_than_the_disk_has_room_for_is_refused(tmp_path, monkeypatch):
    usage = archives.shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError, match="the disk has room for") as error:
        unpacked(packed(tmp_path / "a.zip", {"1.png": picture()})).__enter__()
    one_sentence(error)


def test_an_entry_that_lies_about_its_size_unpacks_to_no_more(tmp_path):
    """The directory of the file says 10 bytes; unpacked it would be a million."""
    path = packed(tmp_path / "a.zip", {"1.png": bytes(10**6)})
    content = bytearray(path.read_bytes())
    start = content.index(b"PK\x01\x02")
    content[start + 24 : start + 28] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged") as error, unpacked(path):
        pytest.fail("it was unpacked")
    one_sentence(error)


def test_random_bytes_in_a_zip_file_give_a_folder_or_one_sentence(tmp_path):
    seed = 7
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    path = packed(tmp_path / "a.zip", {"cats/1.png": picture(), "dogs/1.png": picture()})
    content = np.frombuffer(path.read_bytes(), np.uint8)
    for _ in range(150):
        flipped = content.copy()
        places = rng.integers(0, len(flipped), rng.integers(1, 6))
        flipped[places] = rng.integers(0, 256, len(places))
        path.write_bytes(flipped.tobytes())
        try:
            with unpacked(path) as folder:
                assert os.path.isdir(folder)
        except DataError as error:
            message = str(error)
            assert message.endswith(".") and ". " not in message and "\n" not in message, message
