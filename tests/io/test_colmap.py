"""COLMAP models: text and binary, round trips, and files that are cut, wrong or hostile."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from camera_scene import scene_views, silhouettes, write_scene
from maquette.io import BadInput, read_any_cameras, save_image, write_colmap
from maquette.io.any_cameras_parse import parse_any_cameras
from maquette.io.colmap_model import MODELS, SparsePoints, rotation_matrix
from maquette.io.colmap_parse import parse_colmap, parse_colmap_points
from maquette.io.errors import LeftOut

POINTS = SparsePoints(
    np.array([[0.5, -1.25, 3.0], [1e-3, 2.0, -7.5]]), np.array([[0, 128, 255], [1, 2, 3]], np.uint8)
)


@pytest.fixture
def scene(tmp_path):
    """A scene with its model in text, as `write_colmap` writes it."""
    cameras = write_scene(tmp_path)
    write_colmap(cameras, tmp_path / "sparse" / "0", tmp_path / "images", POINTS)
    return tmp_path


def as_binary(model):
    """Write what a model's text says as binary files, by the format's description, and remove the text."""
    rows = [line.split() for line in (model / "cameras.txt").read_text().splitlines() if line[0] != "#"]
    data = struct.pack("<Q", len(rows))
    for number, name, width, height, *params in rows:
        data += struct.pack("<IiQQ", int(number), MODELS[name][0], int(width), int(height))
        data += struct.pack(f"<{len(params)}d", *map(float, params))
    (model / "cameras.bin").write_bytes(data)
    lines = [line for line in (model / "images.txt").read_text().splitlines() if not line.startswith("#")][
        ::2
    ]
    data = struct.pack("<Q", len(lines))
    for line in lines:
        number, *pose, camera, name = line.split()
        data += struct.pack("<I7dI", int(number), *map(float, pose), int(camera)) + name.encode() + b"\0"
        data += struct.pack("<QddQ", 1, 0.5, 0.5, 2**64 - 1)
    (model / "images.bin").write_bytes(data)
    rows = [line.split() for line in (model / "points3D.txt").read_text().splitlines() if line[0] != "#"]
    data = struct.pack("<Q", len(rows))
    for number, *xyz, r, g, b, error in rows:
        data += struct.pack(
            "<Q3d3BdQII", int(number), *map(float, xyz), int(r), int(g), int(b), float(error), 1, 1, 0
        )
    (model / "points3D.bin").write_bytes(data)
    for path in model.glob("*.txt"):
        path.unlink()


@pytest.mark.parametrize("binary", [False, True])
def test_round_trip_and_silhouettes(scene, binary):
    model = scene / "sparse" / "0"
    if binary:
        as_binary(model)
    found = read_any_cameras(scene)
    assert found.up == "+Y"
    for new, old in zip(found.views, scene_views(), strict=True):
        for name in ("K", "R", "t"):
            assert torch.allclose(getattr(new, name), getattr(old, name), rtol=0, atol=1e-6)
        assert new.image.is_file()
        assert new.mask.name == f"{new.image.name}.png"
    assert torch.equal(silhouettes(found.views), silhouettes(scene_views()))
    points = parse_colmap_points(model)
    assert np.array_equal(points.xyz, POINTS.xyz)
    assert np.array_equal(points.rgb, POINTS.rgb)
    assert points.rgb.dtype == np.uint8


@pytest.mark.parametrize("place", [".", "sparse", "sparse/0", "colmap/sparse/0"])
def test_the_model_and_its_pictures_are_found_where_programs_put_them(tmp_path, place):
    cameras = write_scene(tmp_path)
    write_colmap(cameras, tmp_path / place, tmp_path / "images")
    for given in (tmp_path, tmp_path / place, tmp_path / place / "images.txt"):
        found = read_any_cameras(given)
        assert [view.image.resolve() for view in found.views] == [
            view.image.resolve() for view in cameras.views
        ]


def test_names_with_blanks_and_cameras_that_are_shared(scene):
    path = scene / "sparse" / "0" / "images.txt"
    (scene / "images" / "1.png").rename(scene / "images" / "a b.png")
    path.write_text(path.read_text().replace(" 1.png", " a b.png"))
    assert read_any_cameras(scene).views[-1].image.name == "a b.png"
    assert (scene / "sparse" / "0" / "cameras.txt").read_text().count("PINHOLE") == 1


def test_pictures_without_a_camera_are_said(scene):
    (scene / "images" / "9.png").write_bytes((scene / "images" / "1.png").read_bytes())
    with pytest.warns(LeftOut, match=r"no camera for 9\.png"):
        read_any_cameras(scene)


def test_turns_of_every_kind():
    for seed in range(20):
        q = np.random.default_rng(seed).normal(size=4)
        R = rotation_matrix(q / np.linalg.norm(q))
        assert np.abs(R @ R.T - np.eye(3)).max() < 1e-12
        assert np.linalg.det(R) > 0
    half = rotation_matrix((np.sqrt(0.5), 0, 0, np.sqrt(0.5)))
    assert np.allclose(half @ [1, 0, 0], [0, 1, 0])


def swap(file, old, new):
    def spoil(model):
        path = model / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return path

    return spoil


def cut_text(file, lines):
    def spoil(model):
        path = model / file
        path.write_text("\n".join(path.read_text().splitlines()[:lines]) + "\n")
        return path

    return spoil


def remove(file):
    def spoil(model):
        (model.parents[1] / file).unlink()
        return model.parents[1] / file

    return spoil


def first_line(model, change):
    path = model / "images.txt"
    lines = path.read_text().splitlines()
    words = lines[4].split()
    change(words)
    lines[4] = " ".join(words)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (swap("cameras.txt", "PINHOLE", "KANNALA"), "KANNALA is no camera model that is known"),
        (swap("cameras.txt", "1 PINHOLE", "x PINHOLE"), "line 4: x is no finite number"),
        (swap("cameras.txt", "1 PINHOLE 48", "1 PINHOLE 0"), "camera 1: must lie in"),
        (swap("cameras.txt", "PINHOLE 48 36", "PINHOLE 48 36 7"), "PINHOLE has 4 parameters, got 5"),
        (swap("cameras.txt", "cameras: 1", "cameras: 2"), "line 3: says 2 cameras, but 1 are there"),
        (cut_text("images.txt", 7), "says 3 images, but 2 are there"),
        (cut_text("images.txt", 4), "says 3 images, but 0 are there"),
        (lambda m: first_line(m, lambda w: w.__setitem__(1, "5")), "quaternion has length"),
        (lambda m: first_line(m, lambda w: w.__setitem__(1, "nan")), "line 5: nan is no finite number"),
        (lambda m: first_line(m, lambda w: w.__setitem__(7, "1e300")), "farther away than"),
        (
            lambda m: first_line(m, lambda w: w.__setitem__(8, "7")),
            "picture 0.png: its camera 7 is not among",
        ),
        (lambda m: first_line(m, lambda w: w.__setitem__(9, "1.png")), "picture 1.png: is there twice"),
        (lambda m: first_line(m, lambda w: w.__setitem__(9, "../../secret.png")), "secret.png: no such file"),
        (lambda m: first_line(m, lambda w: w.__delitem__(slice(6, None))), "line 5: must hold IMAGE_ID"),
        (remove("images/1.png"), "1.png"),
        (
            swap("cameras.txt", "PINHOLE 48 36", "PINHOLE 24 18"),
            "is 48 x 36 pixels, but its view says 24 x 18",
        ),
        (remove("sparse/0/cameras.txt"), "has no cameras"),
    ],
)
def test_bad_text(scene, spoil, words):
    spoil(scene / "sparse" / "0")
    warnings.simplefilter("ignore", LeftOut)
    with pytest.raises(BadInput) as caught:
        parse_any_cameras(scene)
    assert words.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)
    assert str(scene) in str(caught.value)


@pytest.mark.parametrize("file", ["cameras", "images", "points3D"])
def test_every_cut_of_a_binary_file_is_refused(scene, file):
    model = scene / "sparse" / "0"
    as_binary(model)
    path = model / f"{file}.bin"
    whole = path.read_bytes()
    read = parse_colmap_points if file == "points3D" else parse_colmap
    for end in range(1, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(BadInput, match=rf"{file}\.bin"):
            read(model)
    path.write_bytes(whole + b"\0")
    with pytest.raises(BadInput, match="1 bytes follow the last entry"):
        read(model)


def hostile(at, form, value):
    return lambda data: data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("cameras", hostile(0, "<Q", 2**63), "announces 9223372036854775808 entries"),
        ("images", hostile(0, "<Q", 2**60), "more than the file can hold"),
        ("points3D", hostile(0, "<Q", 2**40), "more than the file can hold"),
        ("images", lambda d: d[:72] + b"x" * 40, "more than the file can hold"),
        (
            "images",
            lambda d: d[: d.index(b".png\0") + 5] + b"\xff" * 8 + d[d.index(b".png\0") + 13 :],
            "entries",
        ),
        ("points3D", lambda d: d[:51] + b"\xff" * 8 + d[59:], "more than the file can hold"),
        ("cameras", hostile(12, "<i", 99), "camera 1 has the model 99, which is not known"),
        ("cameras", hostile(16, "<Q", 2**62), "must lie in"),
        ("cameras", hostile(32, "<d", float("nan")), "not finite"),
        ("images", hostile(12, "<d", float("inf")), "not finite"),
    ],
)
def test_hostile_binary(scene, file, change, words):
    model = scene / "sparse" / "0"
    as_binary(model)
    path = model / f"{file}.bin"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadInput) as caught:
        parse_colmap_points(model) if file == "points3D" else parse_colmap(model)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_bad_points_in_text(scene):
    path = scene / "sparse" / "0" / "points3D.txt"
    path.write_text("1 0 0 0 1 2 256 0\n")
    with pytest.raises(BadInput, match=r"line 1: its colour must lie in 0\.\.255"):
        parse_colmap_points(path.parent)
    path.unlink()
    assert len(parse_colmap_points(path.parent)) == 0


def test_a_view_without_a_picture_cannot_be_written(tmp_path):
    from maquette.io import CameraFile

    with pytest.raises(ValueError, match="view 0 has no picture"):
        write_colmap(CameraFile(scene_views()), tmp_path / "m", tmp_path)
    assert not (tmp_path / "m").exists()


def bent_and_straight(folder):
    """What COLMAP leaves after undistortion: the photographs, and straight pictures with a model of their own."""
    bent = write_scene(folder)
    straight = write_scene(folder / "dense")
    write_colmap(straight, folder / "dense" / "sparse", folder / "dense" / "images")
    for view in bent.views:
        save_image(torch.zeros(3, 36, 48), view.image)
    return straight


@pytest.mark.parametrize("place", [".", "dense", "dense/sparse"])
@pytest.mark.parametrize("masked", [True, False])
def test_straight_pictures_go_with_the_model_beside_them(tmp_path, place, masked):
    straight = bent_and_straight(tmp_path)
    if not masked:
        for view in straight.views:
            view.mask.unlink()
    found = parse_any_cameras(tmp_path / place)
    for view, wanted in zip(found.views, straight.views, strict=True):
        assert (view.image, view.mask) == (wanted.image, wanted.mask if masked else None)


def test_masks_of_pictures_in_the_root_of_the_scene_are_beside_them(tmp_path):
    scene = tmp_path / "scene"
    cameras = write_scene(scene)
    write_colmap(cameras, scene / "sparse" / "0", scene / "images")
    for view in cameras.views:
        view.image.rename(scene / view.image.name)
    (tmp_path / "masks").mkdir()
    save_image(torch.ones(1, 36, 48), tmp_path / "masks" / "0.png.png")
    found = parse_any_cameras(scene)
    assert [view.image for view in found.views] == [scene / f"{i}.png" for i in range(3)]
    assert [view.mask for view in found.views] == [view.mask for view in cameras.views]


@pytest.mark.parametrize("place", [".", "../..", "../0", "../../sparse/0"])
def test_a_model_is_read_from_inside_and_by_detours(scene, monkeypatch, place):
    monkeypatch.chdir(scene / "sparse" / "0")
    for name in ("9.png", "0.PNG"):
        (scene / "images" / name).write_bytes((scene / "images" / "1.png").read_bytes())
    with pytest.warns(LeftOut, match=r"no camera for 0\.PNG and 1 more"):
        found = parse_any_cameras(Path(place))
    assert [view.image.resolve() for view in found.views] == [scene / "images" / f"{i}.png" for i in range(3)]
