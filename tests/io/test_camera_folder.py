"""Names of pictures in a folder with cameras, and who is blamed for what cannot be read."""

from dataclasses import replace

import pytest

from camera_scene import write_scene
from maquette.io import BadInput, write_cameras
from maquette.io.any_cameras_parse import parse_any_cameras
from maquette.io.camera_folder import write_camera_folder


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "source"
    write_cameras(write_scene(folder), folder / "cameras.json")
    return parse_any_cameras(folder)


def without_files(data, *numbers):
    views = (replace(v, image=None, mask=None) if i in numbers else v for i, v in enumerate(data.views))
    return replace(data, views=tuple(views))


def test_a_view_without_files_has_no_part_in_the_names_of_others(data, tmp_path):
    written = write_camera_folder(without_files(data, 1), tmp_path / "new")
    names = [view.image and view.image.relative_to(tmp_path / "new").as_posix() for view in written.views]
    assert names == ["images/0.png", None, "images/2.png"]
    none = write_camera_folder(without_files(data, 0, 1, 2), tmp_path / "none")
    assert [view.image for view in none.views] == [None] * 3


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), (b"", "the file is empty"), (b"text", "not a picture")]
)
@pytest.mark.parametrize("kind", ["image", "mask"])
def test_a_file_that_cannot_be_read_is_named(data, tmp_path, content, reason, kind):
    file = getattr(data.views[1], kind)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        write_camera_folder(data, tmp_path / "new")
    assert caught.value.path == str(file)
    assert reason.lower() in str(caught.value).lower()


def test_a_place_that_cannot_be_written_to_is_named(data, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "images").write_text("")
    with pytest.raises(BadInput, match=r"new.*: cannot be written"):
        write_camera_folder(data, tmp_path / "new")
