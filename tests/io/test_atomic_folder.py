"""Folders appear whole or not at all."""

import pytest

from maquette.io import BadInput
from maquette.io.atomic_folder import replacing_folder


def test_a_folder_appears_when_the_block_ends(tmp_path):
    with replacing_folder(tmp_path / "new") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "a").read_text() == "1"


def test_an_existing_folder_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "old" / "deep").mkdir(parents=True)
    (tmp_path / "old" / "deep" / "a").write_text("1")
    with replacing_folder(tmp_path / "old") as folder:
        (folder / "b").write_text("2")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["b"]


def fill_and_fail(path, error):
    with replacing_folder(path) as folder:
        (folder / "b").write_text("2")
        raise error


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_nothing_changes_when_the_block_fails(tmp_path, kind):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a").write_text("1")
    for name in ("old", "new"):
        with pytest.raises(kind):
            fill_and_fail(tmp_path / name, kind())
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old" / "a").read_text() == "1"


def test_places_that_cannot_be_written_to_are_bad_input(tmp_path):
    (tmp_path / "file").write_text("1")
    with pytest.raises(BadInput, match="Not a directory"), replacing_folder(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "1"
    with pytest.raises(BadInput, match="file"), replacing_folder(tmp_path / "file" / "x"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_missing_folders_are_made_and_go_with_a_failure(tmp_path):
    with pytest.raises(RuntimeError):
        fill_and_fail(tmp_path / "a" / "b" / "x", RuntimeError())
    assert not list(tmp_path.iterdir())
    with replacing_folder(tmp_path / "a" / "b" / "x") as folder:
        (folder / "c").touch()
    assert (tmp_path / "a" / "b" / "x" / "c").is_file()
