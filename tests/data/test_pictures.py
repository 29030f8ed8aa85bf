"""Single image files of every kind: what is seen in them, and which are refused."""

import io
import logging
import struct
import threading
import time
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan_utils.data.pictures import attempt_all, read_all, read_image, read_picture, shown
from gan_utils.errors import DataError
from sentences import one_sentence

NOISE = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)


def pixels(file, channels=3):
    (image,) = read_all([file], lambda file: read_image(file, channels))
    return np.asarray(image)


def gradient(height=64, width=96):
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x / width, 255 * y / height, 0 * x + 90], -1).astype(np.uint8)


# Upright


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_format_is_that_of_pillow(tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / f"a.{ending}"
    Image.fromarray(gradient()).save(file, exif=exif)
    with Image.open(file) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    image, facts = read_picture(file)
    np.testing.assert_array_equal(np.asarray(image), expected)
    assert (facts.width, facts.height) == image.size == ((64, 96), (96, 64))[orientation < 5]


def test_exif_that_is_no_exif_turns_nothing(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(gradient()).save(tmp_path / "plain.jpg")
    for number in range(30):
        exif = b"Exif\0\0" + (b"MM\0*", b"II*\0")[number % 2] + rng.bytes(60)
        Image.fromarray(gradient()).save(tmp_path / "a.jpg", exif=exif)
        found = pixels(tmp_path / "a.jpg")
        assert found.shape == (64, 96, 3)
        np.testing.assert_array_equal(found, pixels(tmp_path / "plain.jpg"))


# Transparent


def transparent(kind):
    """The left half clear, the right half purple, in a kind of file, and how it is saved."""
    half = np.zeros((8, 8, 4), np.uint8)
    half[..., :3], half[:, 4:, 3] = (200, 0, 200), 255
    whole = Image.fromarray(half)
    if kind == "palette, one clear colour":
        flat = Image.fromarray((half[..., 3] > 0).astype(np.uint8)).convert("P")
        flat.putpalette([0, 0, 0, 200, 0, 200])
        return flat, {"transparency": 0}
    if kind == "palette, an alpha for each":
        flat = Image.fromarray((half[..., 3] > 0).astype(np.uint8)).convert("P")
        flat.putpalette([0, 0, 0, 200, 0, 200])
        return flat, {"transparency": bytes([0, 255])}
    if kind == "RGB, one clear colour":
        half[:, :4, :3] = (1, 2, 3)
        return Image.fromarray(half[..., :3]), {"transparency": (1, 2, 3)}
    if kind == "L, one clear grey":
        half[:, :4, 0] = 3
        return Image.fromarray(half[..., 0]), {"transparency": 3}
    if kind == "16 bits, one clear grey":
        deep = np.where(half[..., 3] > 0, 200 * 257, 777).astype(np.uint16)
        return Image.fromarray(deep), {"transparency": 777}
    return whole.convert(kind), {}


KINDS = ["RGBA", "LA", "palette, one clear colour", "palette, an alpha for each"]
KINDS += ["RGB, one clear colour", "L, one clear grey", "16 bits, one clear grey"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_transparent_is_white_without_a_warning(tmp_path, kind):
    image, options = transparent(kind)
    if kind.startswith("16"):  # Pillow does not write this chunk for such images
        save_with_chunk(image, tmp_path / "a.png", b"tRNS", struct.pack(">H", 777))
    else:
        image.save(tmp_path / "a.png", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found, facts), *_ = read_all([tmp_path / "a.png"], read_picture)
    found = np.asarray(found)
    assert (found[:, :4] == 255).all() and facts.transparent
    assert (found[:, 4:, 0] == (200 if kind != "LA" else found[0, 5, 0])).all()
    assert found[:, 4:].max() < 255


def save_with_chunk(image, file, name, data):
    """A PNG file with one more chunk behind its header."""
    stream = io.BytesIO()
    image.save(stream, "png")
    content = stream.getvalue()
    chunk = struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    file.write_bytes(content[:33] + chunk + content[33:])


def test_half_transparent_is_half_white_and_opaque_alpha_is_not_transparent(tmp_path):
    for alpha, grey in ((128, 127), (255, 0), (0, 255)):
        Image.new("RGBA", (4, 4), (0, 0, 0, alpha)).save(tmp_path / "a.png")
        image, facts = read_picture(tmp_path / "a.png")
        assert abs(int(np.asarray(image).mean()) - grey) <= 1
        assert facts.transparent == (alpha < 255)


# Other ways to store colours


def test_16_bits_are_scaled_and_not_cut_off(tmp_path):
    ramp = np.linspace(0, 65535, 256 * 4).reshape(32, 32).astype(np.uint16)
    expected = np.rint(ramp / 257)
    for name in ("a.png", "a.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        image, facts = read_picture(tmp_path / name, 1)
        np.testing.assert_array_equal(np.asarray(image), expected)
        assert facts.sixteen_bits and facts.colours == "grey"
    big_endian = Image.frombytes("I;16B", (32, 32), ramp.astype(">u2").tobytes())
    big_endian.save(tmp_path / "b.tif")
    np.testing.assert_array_equal(pixels(tmp_path / "b.tif", 1), expected)


def png(width, height, depth, colour, rows):
    """A PNG file put together by hand, as Pillow writes none of 16 bits in colour."""

    def chunk(name, data):
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_colour_of_16_bits_is_seen_as_such(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (8, 8, 3)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    (tmp_path / "a.png").write_bytes(png(8, 8, 16, 2, rows))
    image, facts = read_picture(tmp_path / "a.png")
    assert facts.sixteen_bits and facts.colours == "colour"
    assert np.abs(np.asarray(image).astype(int) - deep / 257.0).max() <= 1


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bits_are_refused(tmp_path, mode):
    Image.new(mode, (8, 8), 70_000).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=f"mode {mode} stores 32 bits a channel; give 8") as error:
        read_picture(tmp_path / "a.tif")
    one_sentence(error)


def test_one_bit_and_cmyk(tmp_path):
    board = np.indices((8, 8)).sum(0) % 2 == 0
    Image.fromarray(board).save(tmp_path / "a.png")
    image, facts = read_picture(tmp_path / "a.png", 1)
    np.testing.assert_array_equal(np.asarray(image), np.where(board, 255, 0))
    assert facts.colours == "black and white (1 bit)"
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    image, facts = read_picture(tmp_path / "a.jpg")
    assert (
        np.abs(np.asarray(image).astype(int) - (255, 0, 0)).max() <= 3 and facts.colours == "CMYK"
    )
    assert pixels(tmp_path / "a.jpg", 1).shape == (16, 16)


# Several frames


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tif"])
def test_the_first_frame_is_taken_and_the_others_are_told_of(tmp_path, ending):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    exact = {"lossless": True} if ending == "webp" else {}
    file = tmp_path / f"a.{ending}"
    frames[0].save(file, save_all=True, append_images=frames[1:], **exact)
    image, facts = read_picture(file)
    assert facts.animated and (np.asarray(image) == (255, 0, 0)).all()
    frames[0].save(file, **exact)
    assert not read_picture(file)[1].animated


def test_a_second_frame_that_is_cut_off_spoils_nothing(tmp_path):
    frames = [Image.fromarray(np.roll(NOISE, shift)).quantize(64) for shift in (0, 5)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    whole = (tmp_path / "a.gif").read_bytes()
    (tmp_path / "b.gif").write_bytes(whole[: len(whole) * 3 // 4])
    image, facts = read_picture(tmp_path / "b.gif")
    assert facts.animated
    np.testing.assert_array_equal(np.asarray(image), pixels(tmp_path / "a.gif"))


def test_the_preview_behind_a_photograph_is_no_second_frame(tmp_path):
    photo = Image.fromarray(gradient())
    photo.save(tmp_path / "a.jpg", "mpo", save_all=True, append_images=[photo.resize((24, 16))])
    assert not read_picture(tmp_path / "a.jpg")[1].animated


# Reduced while decoding


def test_a_large_jpeg_is_reduced_while_it_is_decoded_and_looks_the_same(tmp_path):
    Image.fromarray(gradient(800, 1200)).save(tmp_path / "a.jpg", quality=95)
    image, facts = read_picture(tmp_path / "a.jpg", least=64)
    assert image.size == (150, 100) and (facts.width, facts.height) == (1200, 800)
    whole = read_image(tmp_path / "a.jpg").resize((32, 32))
    small = image.resize((32, 32))
    assert np.abs(np.asarray(whole).astype(int) - np.asarray(small)).max() <= 4


def test_the_size_told_of_a_reduced_photograph_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(gradient(800, 1200)).save(tmp_path / "a.jpg", exif=exif)
    image, facts = read_picture(tmp_path / "a.jpg", least=64)
    assert image.size == (100, 150) and (facts.width, facts.height) == (800, 1200)


# What is refused


def refused(tmp_path, name):
    """A file that is no image, or not a whole one."""
    file = tmp_path / name
    whole = io.BytesIO()
    Image.fromarray(gradient()).save(whole, "png")
    contents = {
        "empty.png": b"",
        "text.jpg": b"Dear diary, this is no picture at all." * 9,
        "script.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "cut.png": whole.getvalue()[: len(whole.getvalue()) // 2],
        "bomb.png": png(20_000, 20_000, 8, 2, b"\0" * 9),
        "large.png": png(10_000, 10_000, 8, 2, b"\0" * 9),
    }
    if name == "link.png":
        file.symlink_to(tmp_path / "nowhere.png")
    elif name == "loop.png":
        file.symlink_to(file)
    else:
        file.write_bytes(contents[name])
    return file


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty.png", "it is empty"),
        ("text.jpg", "cannot identify its content as one of JPEG, PNG"),
        ("script.jpg", "cannot identify its content"),
        ("cut.png", "truncated"),
        ("bomb.png", "unpacks to more than 89,478,485 pixels"),
        ("large.png", "unpacks to more than 89,478,485 pixels"),
        ("link.png", "a link that leads nowhere"),
        ("loop.png", "Too many levels of symbolic links"),
    ],
)
def test_refused_with_one_sentence_that_says_why(tmp_path, name, reason, recwarn, capfd):
    with pytest.raises(DataError, match=reason) as error:
        read_all([refused(tmp_path, name)], read_picture)
    message = one_sentence(error)
    assert message.startswith(f"The image {tmp_path}") and "replace or delete it" in message
    assert not recwarn.list and capfd.readouterr() == ("", "")


def test_all_that_are_refused_are_named_however_many(tmp_path):
    files = [tmp_path / f"{number:02d}.png" for number in range(40)]
    for file in files:
        file.write_bytes(b"no image")
    with pytest.raises(DataError, match="40 of 40 images cannot be used") as error:
        read_all(files, read_image)
    assert all(str(file) in one_sentence(error) for file in files)


def test_random_bytes_anywhere_give_an_image_or_one_sentence(tmp_path, capfd, caplog):
    """In every format; nothing is warned of, logged or written by a decoder meanwhile."""
    seed = 20260401
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    for ending in ("png", "jpg", "gif", "bmp", "tif", "webp"):
        stream = io.BytesIO()
        kind = {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending)
        exif = Image.Exif()
        exif[0x0112] = 6
        options = {} if ending in ("gif", "bmp") else {"exif": exif}
        Image.fromarray(NOISE).save(stream, kind, **options)
        content = np.frombuffer(stream.getvalue(), np.uint8)
        for number in range(60):
            flipped = content.copy()
            places = rng.integers(0, len(flipped), rng.integers(1, 9))
            flipped[places] = rng.integers(0, 256, len(places))
            (tmp_path / f"{number}.{ending}").write_bytes(flipped.tobytes())
    capfd.readouterr()
    seen = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _, result, error in attempt_all(sorted(tmp_path.iterdir()), read_picture):
            seen += 1
            if error is not None:
                assert str(error).endswith(".") and "\n" not in str(error)
                assert ". " not in str(error) and len(error.reason) > 5
            else:
                assert result[0].mode == "RGB"
    assert seen == 360 and capfd.readouterr() == ("", "") and not caplog.records


# Several at a time


def test_results_keep_the_order_of_the_files_whichever_thread_is_done_first(tmp_path):
    used = set()

    def read(number):
        used.add(threading.get_ident())
        time.sleep(0.02 if number % 16 == 0 else 0)
        if number % 7 == 0:
            raise DataError(f"{number}.")
        return -number

    found = list(attempt_all(range(200), read))
    assert [file for file, _, _ in found] == list(range(200))
    assert all((e is not None) == (n % 7 == 0) and r in (None, -n) for n, r, e in found)
    assert threading.get_ident() not in used


def test_files_are_read_only_a_little_ahead_of_what_is_taken():
    read = []
    results = attempt_all(range(100_000), lambda number: read.append(number))
    for _ in range(10):
        next(results)
    results.close()
    assert len(read) < 2000


def test_warnings_are_shown_again_afterwards():
    before, handlers = list(warnings.filters), list(logging.getLogger("PIL").handlers)
    list(attempt_all([1], abs))
    assert warnings.filters == before and logging.getLogger("PIL").handlers == handlers


def test_names_can_be_printed():
    assert shown("猫 кот قطة.png") == "猫 кот قطة.png"
    assert shown("a\nb\udcff") == "a\\nb\\udcff"
