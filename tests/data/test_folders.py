"""Folders of images: what becomes of the images, what is refused, and folders that are written."""

import os
import shutil
import warnings
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gan_utils.data import folders, load_folder, picture_cache, scale, survey_folder, write_images
from gan_utils.errors import DataError, OutputError
from sentences import one_sentence

pytestmark = pytest.mark.usefixtures("user_cache")

GREY = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)


def save(path: Path, array, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array, np.uint8)).save(path, **options)
    return path


def plain(colour, height=10, width=10) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def test_the_centre_is_cut_out(tmp_path):
    wide, tall = plain((200, 0, 0), 40, 120), plain((200, 0, 0), 100, 30)
    wide[:, 40:80] = (0, 200, 0)
    tall[35:65] = (0, 0, 200)
    save(tmp_path / "a.png", wide)
    save(tmp_path / "b.png", tall)
    images = load_folder(tmp_path, size=16).images
    assert images.shape == (2, 16, 16, 3)
    # The filter that shrinks reaches a little over the edges of the square.
    inner = images[:, 3:-3, 3:-3]
    assert (inner[0] == (0, 200, 0)).all() and (inner[1] == (0, 0, 200)).all()


def test_shrinking_averages(tmp_path):
    """A fine chessboard turns grey; picking single pixels would leave it black and white."""
    board = np.indices((256, 256)).sum(0) % 2 * 255
    save(tmp_path / "board.png", board)
    images = load_folder(tmp_path, size=32).images
    assert np.abs(images.astype(int) - 127).max() <= 3
    assert (images[..., 0] == images[..., 1]).all() and (images[..., 0] == images[..., 2]).all()


def test_size_that_fits_changes_nothing(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    save(tmp_path / "a.PNG", pixels)
    assert np.array_equal(load_folder(tmp_path).images[0], pixels)


def test_orientation_of_a_camera_is_followed(tmp_path):
    pixels = plain((0, 0, 0), 8, 8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: the top row becomes the right-hand column
    save(tmp_path / "a.png", pixels, exif=exif)
    image = load_folder(tmp_path, size=8).images[0]
    assert (image[:, -1] == 255).all() and (image[:, :-1] == 0).all()


def test_sub_folders_are_classes_that_take_turns(tmp_path):
    for k in range(4):
        save(tmp_path / "dogs" / f"{k}.png", plain(100 + k))
    for k in range(2):
        save(tmp_path / "cats" / f"{k}.png", plain(k))
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not an image")
    found = load_folder(tmp_path, size=4)
    assert found.class_names == ("cats", "dogs") and found.name == tmp_path.name
    assert found.labels.tolist() == [0, 1, 0, 1, 1, 1]
    assert found.images[:, 0, 0, 0].tolist() == [0, 100, 1, 101, 102, 103]
    assert load_folder(tmp_path, size=4, limit=3).labels.tolist() == [0, 1, 0]
    assert load_folder(tmp_path, size=4, limit=1).class_names == ("cats", "dogs")


def test_images_of_a_class_may_lie_deeper_and_end_otherwise(tmp_path):
    save(tmp_path / "dogs" / "1.png", plain(1))
    (tmp_path / "cats").mkdir()
    save(tmp_path / "cats" / "sub" / "1.png", plain(2))
    (tmp_path / "birds").mkdir()
    Image.fromarray(plain(3)).save(tmp_path / "birds" / "1.jfif", format="jpeg")
    found = load_folder(tmp_path, size=4)
    assert found.class_names == ("birds", "cats", "dogs") and len(found) == 3


def test_a_sub_folder_with_other_files_only_is_named(tmp_path):
    save(tmp_path / "dogs" / "1.png", plain(1))
    (tmp_path / "birds").mkdir()
    (tmp_path / "birds" / "1.heic").write_bytes(b"a picture of another kind")
    with pytest.raises(DataError, match=r"birds holds no images, but 1\.heic") as error:
        load_folder(tmp_path)
    one_sentence(error)


def test_grey_and_colour(tmp_path):
    save(tmp_path / "a.png", plain((255, 0, 0)))
    assert (load_folder(tmp_path, size=4, channels=1).images == 76).all()  # 0.299 of 255
    assert load_folder(tmp_path, size=4, channels=1).images.shape == (1, 4, 4, 1)
    assert load_folder(tmp_path, size=4).images.shape == (1, 4, 4, 3)


# Files that cannot be read


def with_bad_files(folder):
    for number in range(3):
        save(folder / f"good{number}.png", plain(number))
    for number in range(12):
        (folder / f"bad{number:02d}.png").write_bytes(b"no image")
    (folder / "void.png").write_bytes(b"")
    return folder


def test_all_bad_files_are_named_with_what_is_wrong(tmp_path):
    with pytest.raises(DataError, match=r"13 of 16 images of .* cannot be read: bad00") as error:
        load_folder(with_bad_files(tmp_path))
    message = one_sentence(error)
    assert message.endswith("; replace or delete them, or give skip_unreadable=True.")
    assert all(f"bad{number:02d}.png (cannot identify" in message for number in range(12))
    assert "void.png (it is empty)" in message


def test_bad_files_are_skipped_on_demand_and_named_by_the_survey(tmp_path):
    found = load_folder(with_bad_files(tmp_path), size=4, skip_unreadable=True)
    assert found.files == ("good0.png", "good1.png", "good2.png")
    assert found.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert len(found.survey.unreadable) == 13
    assert all(name in str(found.survey) for name in found.survey.unreadable)


def test_labels_stay_with_their_images_when_some_are_skipped(tmp_path):
    for label, name in enumerate(("cats", "dogs")):
        for number in range(4):
            save(tmp_path / name / f"{number}.png", plain(100 * label + number))
    (tmp_path / "cats" / "1.png").write_bytes(b"no image")
    (tmp_path / "dogs" / "0.png").write_bytes(b"")
    found = load_folder(tmp_path, size=4, skip_unreadable=True)
    greys = found.images[:, 0, 0, 0]
    assert greys.tolist() == [0, 101, 2, 102, 3, 103] and found.labels.tolist() == [
        0,
        1,
        0,
        1,
        0,
        1,
    ]
    assert found.survey.classes == {"cats": 3, "dogs": 3}


def test_nothing_but_bad_files_is_refused_even_when_they_may_be_skipped(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"1 of 1 images .*; replace or delete them\.") as error:
        load_folder(tmp_path, skip_unreadable=True)
    one_sentence(error)


def test_a_class_does_not_vanish_with_its_last_file(tmp_path):
    save(tmp_path / "cats" / "a.png", plain(1))
    (tmp_path / "dogs").mkdir()
    (tmp_path / "dogs" / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"Of the class dogs in .* no image can be read") as error:
        load_folder(tmp_path, skip_unreadable=True)
    one_sentence(error)
    assert survey_folder(tmp_path).classes == {"cats": 1, "dogs": 0}


def test_500_files_with_random_bytes_flipped(tmp_path, recwarn, capfd):
    """In all formats: an image set of those that can be read, or one sentence about the others."""
    seed = 500
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    for number in range(500):
        ending = ("png", "jpg", "gif", "bmp", "tif", "webp")[number % 6]
        file = save(
            tmp_path / f"{number % 2}" / f"{number}.{ending}", rng.integers(0, 256, (9, 8, 3))
        )
        content = np.frombuffer(file.read_bytes(), np.uint8).copy()
        places = rng.integers(0, len(content), rng.integers(1, 12))
        content[places] = rng.integers(0, 256, len(places))
        file.write_bytes(content.tobytes())
    capfd.readouterr()
    found = load_folder(tmp_path, size=8, skip_unreadable=True)
    bad = found.survey.unreadable
    assert 50 < len(bad) < 450 and len(found) + len(bad) == 500
    assert found.images.shape == (len(found), 8, 8, 3) and not set(found.files) & set(bad)
    with pytest.raises(DataError, match=f"{len(bad)} of 500 images") as error:
        load_folder(tmp_path, size=8)
    assert all(name in one_sentence(error) for name in bad)
    for name in [*found.files[:40], *list(bad)[:40]]:  # each alone
        alone = tmp_path / "alone" / "x"
        alone.mkdir(parents=True, exist_ok=True)
        copied = shutil.copy(tmp_path / name, alone)
        if name in bad:
            with pytest.raises(DataError) as error:
                load_folder(alone, size=8)
            one_sentence(error)
        else:
            assert len(load_folder(alone, size=8)) == 1
        Path(copied).unlink()
    assert not recwarn.list and capfd.readouterr() == ("", "")


# The second start, and zip files


@pytest.fixture
def no_reading(monkeypatch):
    """From here on every picture that is opened is an error of the test."""

    def forbid():
        def opened(*_, **__):
            pytest.fail("a picture was opened")

        monkeypatch.setattr(folders, "read_picture", opened)
        monkeypatch.setattr(folders, "unpacked", opened)

    return forbid


def same(one, other):
    np.testing.assert_array_equal(one.images, other.images)
    labels = [None if s.labels is None else s.labels.tolist() for s in (one, other)]
    assert labels[0] == labels[1] and one.class_names == other.class_names
    assert (one.files, one.survey, one.name) == (other.files, other.survey, other.name)


def two_classes(folder):
    for number in range(5):
        save(folder / "cats" / f"{number}.png", GREY[number, ..., 0])
        save(folder / "dogs" / f"{number}.png", COLOUR[number])
    (folder / "dogs" / "void.png").write_bytes(b"")
    return folder


def test_a_second_start_reads_no_picture(tmp_path, no_reading):
    table = survey_folder(two_classes(tmp_path), size=8)
    no_reading()
    first = load_folder(tmp_path, size=8, skip_unreadable=True)
    assert first.survey == table and len(first) == 10
    same(first, load_folder(tmp_path, size=8, skip_unreadable=True))
    with pytest.raises(DataError, match=r"dogs/void\.png \(it is empty\)"):
        load_folder(tmp_path, size=8)


def test_what_changes_is_read_again(tmp_path):
    options = {"size": 8, "skip_unreadable": True}
    two_classes(tmp_path)
    before = load_folder(tmp_path, **options)
    save(tmp_path / "dogs" / "void.png", plain(9))
    assert len(load_folder(tmp_path, **options)) == len(before) + 1
    save(tmp_path / "cats" / "9.png", plain(200))
    assert "cats/9.png" in load_folder(tmp_path, **options).files
    (tmp_path / "cats" / "0.png").unlink()
    assert "cats/0.png" not in load_folder(tmp_path, **options).files
    (tmp_path / "cats").rename(tmp_path / "lions")
    assert load_folder(tmp_path, **options).class_names == ("dogs", "lions")
    (tmp_path / "notes.txt").write_text("beside")
    assert load_folder(tmp_path, **options).survey.passed_over == {".txt": 1}
    assert load_folder(tmp_path, size=8, channels=1).images.shape[3] == 1
    assert load_folder(tmp_path, size=4).images.shape[1] == 4
    assert len(load_folder(tmp_path, size=8, limit=3)) == 3


@pytest.mark.parametrize("damage", ["images", "record", "both"])
def test_a_damaged_cache_is_made_again(tmp_path, user_cache, no_reading, damage):
    first = load_folder(two_classes(tmp_path), size=8, skip_unreadable=True)
    first = replace(first, images=first.images.copy())  # these are the file that is cut off below
    endings = {"images": (".npy",), "record": (".json",), "both": (".npy", ".json")}[damage]
    kept = [file for file in user_cache.rglob("*.*") if file.suffix in endings]
    assert len(kept) == len(endings)
    for file in kept:
        os.truncate(file, file.stat().st_size // 2)
    same(first, load_folder(tmp_path, size=8, skip_unreadable=True))
    no_reading()
    same(first, load_folder(tmp_path, size=8, skip_unreadable=True))


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch):
    two_classes(tmp_path / "set")
    first = load_folder(tmp_path / "set", size=8, skip_unreadable=True)
    (tmp_path / "file").write_text("no folder")
    options = {"size": 8, "skip_unreadable": True, "cache": tmp_path / "file"}
    same(first, load_folder(tmp_path / "set", **options))
    options["cache"] = tmp_path / "full"
    written = []

    def full(data, start=0):
        written.append(data)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        return zlib.crc32(data, start)

    before = list(warnings.filters)
    monkeypatch.setattr(picture_cache, "zlib", SimpleNamespace(crc32=full))
    same(first, load_folder(tmp_path / "set", **options))
    assert list((tmp_path / "full").iterdir()) == [] and len(written) == 4
    assert warnings.filters == before


def test_the_cache_may_lie_elsewhere(tmp_path, user_cache):
    load_folder(two_classes(tmp_path / "set"), size=8, limit=4, cache=tmp_path / "mine")
    assert len(list((tmp_path / "mine").iterdir())) == 2 and not any(user_cache.iterdir())


def test_images_from_the_cache_can_be_trained_on_and_changed(tmp_path):
    save(tmp_path / "a.png", plain(7))
    for _ in range(2):
        images = load_folder(tmp_path, size=4).images
        assert (images == 7).all() and scale(images).dtype == np.float32
        images[:] = 0


def test_a_zip_file_in_place_of_a_folder(tmp_path, no_reading):
    folder = two_classes(tmp_path / "pets")
    packed = shutil.make_archive(tmp_path / "pets", "zip", tmp_path, "pets")
    expected = load_folder(folder, size=8, skip_unreadable=True)
    found = load_folder(packed, size=8, skip_unreadable=True)
    same(found, expected)
    no_reading()
    same(load_folder(packed, size=8, skip_unreadable=True), expected)
    assert survey_folder(packed, size=8) == expected.survey


def test_a_zip_file_with_an_entry_that_leaves_its_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.write(save(tmp_path / "a.png", plain(1)), "../../b.png")
    with pytest.raises(DataError, match="would leave its folder") as error:
        load_folder(tmp_path / "a.zip")
    one_sentence(error)


def test_the_home_folder_may_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "mine" / "a.png", plain(1))
    assert len(load_folder("~/mine")) == 1


def test_the_folder_at_hand_and_numbers_of_numpy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png", plain(1))
    for _ in range(2):
        found = load_folder(".", size=np.int64(4), limit=np.int32(5))
        assert found.files == ("a.png",) and found.name == tmp_path.name


def test_a_folder_whose_own_name_is_no_text(tmp_path):
    try:
        folder = save(Path(tmp_path, os.fsdecode(b"caf\xe9"), "a.png"), plain(1)).parent
    except OSError:
        pytest.skip("this disk takes text alone")
    for _ in range(2):
        str(load_folder(folder, size=4).survey).encode()


def test_loose_images_have_no_labels(tmp_path):
    save(tmp_path / "a.png", plain(1))
    save(tmp_path / ".hidden.png", plain(2))
    found = load_folder(tmp_path, size=4)
    assert len(found) == 1 and found.labels is None and found.class_names == ()


def broken_folders(folder: Path) -> dict[str, Path]:
    names = ("empty", "texts", "mixed", "unreadable", "cut", "deep32")
    made = {name: folder / name for name in names}
    for path in made.values():
        path.mkdir()
    (made["texts"] / "a.txt").write_text("text")
    save(made["mixed"] / "a.png", plain(1))
    save(made["mixed"] / "sub" / "b.png", plain(1))
    (made["unreadable"] / "a.jpg").write_bytes(b"no image at all")
    whole = save(made["cut"] / "a.jpg", np.random.default_rng(0).integers(0, 256, (99, 99, 3)))
    whole.write_bytes(whole.read_bytes()[:900])
    Image.fromarray(np.full((9, 9), 40_000, np.int32)).save(made["deep32"] / "a.tif")
    made["missing"] = folder / "missing"
    made["file"] = made["texts"] / "a.txt"
    return made


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("missing", "does not exist; give a folder of images"),
        ("file", "is a file, not a folder"),
        ("empty", "and its sub-folders hold no images"),
        ("texts", "and its sub-folders hold no images"),
        ("mixed", r"holds loose images \(a.png, ...\) beside folders of images \(sub"),
        ("unreadable", r"1 of 1 images .* cannot be read: a\.jpg \(cannot identify"),
        ("cut", r"cannot be read: a\.jpg \(.*truncated"),
        ("deep32", r"a\.tif \(its mode I stores 32 bits a channel; give 8 or 16\)"),
    ],
)
def test_folder_that_gives_no_images(tmp_path, case, message):
    with pytest.raises(DataError, match=message) as error:
        load_folder(broken_folders(tmp_path)[case])
    one_sentence(error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size is 0; give a whole number of 1 or more"),
        ({"size": 64.0}, "size is 64.0"),
        ({"size": "64"}, "size is '64'"),
        ({"channels": 2}, "no number of channels 2; choose one of 1, 3"),
        ({"limit": 0}, "limit is 0"),
        ({"limit": -5}, "limit is -5"),
    ],
)
def test_size_or_limit_that_cannot_be(tmp_path, options, message):
    save(tmp_path / "a.png", plain(1))
    with pytest.raises(DataError, match=message) as error:
        load_folder(tmp_path, **options)
    one_sentence(error)


# Folders that are written


@pytest.mark.parametrize("images", [GREY, COLOUR])
def test_written_images_are_read_back_byte_for_byte(tmp_path, images):
    folder = write_images(images, tmp_path / "new")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{i:05d}.png" for i in range(6)]
    for file, image in zip(files, images, strict=True):
        assert np.array_equal(np.asarray(Image.open(file)).reshape(image.shape), image)
    assert len(load_folder(folder, size=16)) == 6


def test_what_is_no_place_or_no_image_is_refused(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(OutputError, match="already holds files"):
        write_images(GREY, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        write_images(GREY, tmp_path / "kept.txt" / "below")
    assert (tmp_path / "kept.txt").read_text() == "kept"
    for wrong in (scale(GREY), GREY[..., 0], GREY[:0]):
        with pytest.raises(DataError, match="uint8 of shape"):
            write_images(wrong, tmp_path / "new")
    assert not (tmp_path / "new").exists()
