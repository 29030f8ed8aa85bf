"""Folders of images: what becomes of the images, what is refused, and folders that are written."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan_utils.data import load_folder, scale, write_images
from gan_utils.errors import DataError, OutputError
from sentences import one_sentence

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


def test_what_is_transparent_is_white(tmp_path, recwarn):
    """In RGBA, in grey with transparency, in a palette, and in colour with a transparent colour."""
    half = np.zeros((8, 8, 4), np.uint8)
    half[..., :3], half[:, 4:, 3] = (200, 0, 200), 255
    whole = Image.fromarray(half)
    whole.save(tmp_path / "a.png")
    whole.convert("LA").save(tmp_path / "b.png")
    whole.convert("PA").convert("RGBA").quantize(8).save(tmp_path / "c.png")
    Image.fromarray(half[..., :3]).save(tmp_path / "d.png", transparency=(200, 0, 200))
    images = load_folder(tmp_path, size=8).images
    assert (images[:, :, :3] == 255).all()
    assert (images[0, :, 5:] == (200, 0, 200)).all() and (images[3] == 255).all()
    assert not recwarn.list


def test_exif_with_a_tag_that_makes_no_sense_is_still_read(tmp_path):
    """Orientation 6, and a horizontal resolution of −1/0 as a signed fraction."""
    tags = struct.pack(">2sHIH", b"MM", 42, 8, 2)
    tags += struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack(">HHII", 0x011A, 10, 1, 38)
    tags += struct.pack(">I2i", 0, -1, 0)
    pixels = plain(0, 8, 8)
    pixels[0] = 255
    save(tmp_path / "a.png", pixels, exif=b"Exif\0\0" + tags)
    image = load_folder(tmp_path, size=8).images[0]
    assert (image[:, -1] == 255).all() and (image[:, :-1] == 0).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_that_of_pillow(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 256, (8, 8, 3)), exif=exif)
    with Image.open(file) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    np.testing.assert_array_equal(load_folder(tmp_path, size=8).images[0], expected)


def test_all_bad_files_are_named(tmp_path):
    save(tmp_path / "good.png", plain(1))
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"3 of 4 images .*a\.png, .*b\.png, .*c\.png\)") as error:
        load_folder(tmp_path)
    assert one_sentence(error).endswith("); replace or delete it.")
    assert "beginning with this: The image" in str(error.value)


def test_the_home_folder_may_be_written_short(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "mine" / "a.png", plain(1))
    assert len(load_folder("~/mine")) == 1


def test_loose_images_have_no_labels(tmp_path):
    save(tmp_path / "a.png", plain(1))
    save(tmp_path / ".hidden.png", plain(2))
    found = load_folder(tmp_path, size=4)
    assert len(found) == 1 and found.labels is None and found.class_names == ()


def broken_folders(folder: Path) -> dict[str, Path]:
    names = ("empty", "texts", "mixed", "unreadable", "cut", "deep16")
    made = {name: folder / name for name in names}
    for path in made.values():
        path.mkdir()
    (made["texts"] / "a.txt").write_text("text")
    save(made["mixed"] / "a.png", plain(1))
    save(made["mixed"] / "sub" / "b.png", plain(1))
    (made["unreadable"] / "a.jpg").write_bytes(b"no image at all")
    whole = save(made["cut"] / "a.jpg", np.random.default_rng(0).integers(0, 256, (99, 99, 3)))
    whole.write_bytes(whole.read_bytes()[:900])
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(made["deep16"] / "a.png")
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
        ("unreadable", r"a\.jpg cannot be read \(cannot identify"),
        ("cut", r"a\.jpg cannot be read \(.*truncated"),
        ("deep16", "mode I;16 has more than 8 bits a channel"),
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
