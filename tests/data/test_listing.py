"""What is found in a folder: classes, links, hidden files, and names in any script."""

import os

import pytest

from gan_utils.data import listing
from gan_utils.data.listing import image_files, list_images, visible_files
from gan_utils.errors import DataError
from sentences import one_sentence


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def names(found):
    return [found.name_of(file) for file in found.files]


def test_classes_take_turns_and_their_files_may_lie_deeper(tmp_path):
    touch(
        tmp_path, "dogs/x/y/1.png", "dogs/x/2.JPG", "cats/1.TIFF", "cats/old/1.Webp", "eels/1.bmp"
    )
    found = list_images(tmp_path)
    assert found.class_names == ("cats", "dogs", "eels")
    assert names(found) == ["cats/1.TIFF", "dogs/x/2.JPG", "eels/1.bmp", "cats/old/1.Webp",
                            "dogs/x/y/1.png"]  # fmt: skip
    assert found.labels == [0, 1, 2, 0, 1]
    assert list_images(tmp_path, 2).labels == [0, 1]


def test_loose_files_have_no_classes_and_lie_not_deeper(tmp_path):
    touch(tmp_path, "b.jpeg", "a.png", "notes/read.txt", "c.Jfif")
    found = list_images(tmp_path)
    assert names(found) == ["a.png", "b.jpeg", "c.Jfif"]
    assert found.labels is None and found.class_names == () and found.passed_over == {".txt": 1}


def test_other_endings_and_empty_folders_are_counted(tmp_path):
    touch(tmp_path, "cats/1.png", "cats/2.heic", "cats/deep/3.HEIC", "list.txt", "cats/README")
    (tmp_path / "birds" / "nothing").mkdir(parents=True)
    found = list_images(tmp_path)
    assert found.passed_over == {"": 1, ".heic": 2, ".txt": 1} and found.empty == ("birds",)
    assert found.class_names == ("cats",)


def test_a_class_of_other_files_only_is_no_word_less(tmp_path):
    touch(tmp_path, "cats/1.png", "birds/deep/1.heic")
    with pytest.raises(DataError, match=r"birds holds no images, but 1\.heic; give files") as error:
        list_images(tmp_path)
    one_sentence(error)


def test_hidden_files_and_leftovers_of_systems_are_as_if_not_there(tmp_path):
    left = ["__MACOSX/cats/._1.png", "__MACOSX/1.png", ".DS_Store", "cats/._1.png", "Icon\r"]
    left += ["cats/Thumbs.db", "cats/desktop.ini", ".git/a.png", "cats/.thumbs/1.png"]
    touch(tmp_path, *left, "cats/1.png", "dogs/Thumbs.db")
    found = list_images(tmp_path)
    assert names(found) == ["cats/1.png"] and found.passed_over == {}
    assert found.empty == ("dogs",)


@pytest.mark.parametrize(
    "name", ["猫", "кошки", "قطط", "γάτες", "बिल्ली", "e\u0301te", "🐈", "a b'c\"d"]
)
def test_names_in_any_script(tmp_path, name):
    touch(tmp_path, f"{name}/{name}.png")
    found = list_images(tmp_path)
    assert found.class_names == (name,) and names(found) == [f"{name}/{name}.png"]


def test_a_name_that_is_no_text_is_shown_by_its_bytes(tmp_path):
    try:
        touch(tmp_path, os.fsdecode(b"caf\xe9.png"))
    except OSError:
        pytest.skip("this disk takes text alone")
    (name,) = names(list_images(tmp_path))
    assert name == r"caf\udce9.png" and name.encode()


# Links


@pytest.fixture
def linked(tmp_path):
    try:
        (tmp_path / "try").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links here")
    (tmp_path / "try").unlink()
    return touch(tmp_path / "set", "cats/1.png", "dogs/1.png")


def test_links_that_lead_back_end_where_they_begin(linked):
    (linked / "itself").symlink_to(linked)
    (linked / "above").symlink_to(linked.parent)
    (linked / "cats" / "up").symlink_to(linked)
    (linked / "dogs" / "here").symlink_to(linked / "dogs")
    (linked / "dogs" / "top").symlink_to("/")
    found = list_images(linked)
    assert found.class_names == ("cats", "dogs") and names(found) == ["cats/1.png", "dogs/1.png"]


def test_two_links_to_each_other(linked):
    for one, other in (("a", "b"), ("b", "a")):
        (linked / "cats" / one).mkdir()
        (linked / "cats" / one / "other").symlink_to(linked / "cats" / other)
    touch(linked, "cats/a/x.png", "cats/b/y.png")
    found = visible_files(linked / "cats", deep=True)
    assert sorted(file.name for file in found) == ["1.png", "x.png", "y.png"]


def test_a_class_may_be_a_link_to_a_folder_elsewhere(linked):
    elsewhere = touch(linked.parent / "elsewhere", "deep/1.png")
    (linked / "eels").symlink_to(elsewhere)
    (linked / "cats" / "more").symlink_to(elsewhere)
    found = list_images(linked)
    assert found.class_names == ("cats", "dogs", "eels")
    assert names(found)[2:] == ["eels/deep/1.png", "cats/more/deep/1.png"]


def test_a_link_that_leads_nowhere_is_not_passed_over_in_silence(linked):
    (linked / "cats" / "2.png").symlink_to(linked / "gone.png")
    (linked / "cats" / "3.png").symlink_to(linked / "cats" / "3.png")
    assert len(list_images(linked).files) == 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_is_no_image(tmp_path):
    touch(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")
    assert image_files(tmp_path) == [tmp_path / "a.png"]


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    touch(tmp_path, "cats/1.png", "dogs/1.png")
    scandir = os.scandir

    def forbidden(path):
        if str(path).endswith("dogs"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(listing.os, "scandir", forbidden)
    with pytest.raises(DataError, match=r"dogs cannot be read \(Permission denied\)") as error:
        list_images(tmp_path)
    one_sentence(error)
