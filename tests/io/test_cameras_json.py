"""`cameras.json`: conventions, round trips, bad files."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import BadInput, CameraFile, CameraView, read_cameras, save_image, write_cameras

FLIPS = {"opencv": [1, 1, 1], "opengl": [1, -1, -1], "pytorch3d": [-1, -1, 1]}


def rotation(seed):
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))
    return q * torch.sign(torch.det(q))


def view(seed=0, image=None, mask=None, width=8, height=6):
    K = torch.tensor([[9.0, 0, 3.7], [0, 8.0, 3.1], [0, 0, 1]], dtype=torch.float64)
    t = torch.tensor([0.1, -0.2, 3.0], dtype=torch.float64)
    return CameraView(image, mask, width, height, K, rotation(seed), t)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_conventions_agree(tmp_path_factory, seed):
    folder = tmp_path_factory.mktemp("c")
    original = CameraFile((view(seed),), bounds=((-1.0, -1.0, -1.0), (1.0, 2.0, 3.0)), up="-Y")
    for convention, flip in FLIPS.items():
        path = folder / f"{convention}.json"
        write_cameras(original, path, convention)
        stored = torch.tensor(
            json.loads(path.read_text())["views"][0]["world_to_camera"], dtype=torch.float64
        )
        assert torch.allclose(torch.tensor(flip)[:, None] * stored[:3, :3], original.views[0].R)
        back = read_cameras(path)
        assert (back.up, back.bounds) == (original.up, original.bounds)
        for name in ("K", "R", "t"):
            assert torch.equal(getattr(back.views[0], name), getattr(original.views[0], name))


def test_axes_of_each_convention(tmp_path):
    """A camera at (0, 0, 3) that looks at the origin with +Y up, written by hand in each convention."""
    by_hand = {
        "opencv": [[1, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, 3], [0, 0, 0, 1]],
        "opengl": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, -3], [0, 0, 0, 1]],
        "pytorch3d": [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 3], [0, 0, 0, 1]],
    }
    for convention, matrix in by_hand.items():
        (tmp_path / "c.json").write_text(json.dumps(tree(convention=convention, world_to_camera=matrix)))
        found = read_cameras(tmp_path / "c.json").views[0]
        point = found.R @ torch.tensor([0.5, 1.0, 0.0], dtype=torch.float64) + found.t
        assert point.tolist() == [0.5, -1.0, 3.0]


def tree(**changes):
    entry = {
        "image": None,
        "mask": None,
        "width": 8,
        "height": 6,
        "K": [[9, 0, 4], [0, 9, 3], [0, 0, 1]],
        "world_to_camera": torch.eye(4).tolist(),
    }
    top = {"maquette_cameras": 1, "convention": "opencv", "pixel_center": 0.5, "up": "+Y", "bounds": None}
    top |= {name: value for name, value in changes.items() if name in (*top, "views")}
    entry |= {name: value for name, value in changes.items() if name in entry}
    return {"views": [entry], **top}


def test_integer_pixel_centres_are_shifted(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps(tree(pixel_center=0)))
    assert read_cameras(tmp_path / "c.json").views[0].K[:2, 2].tolist() == [4.5, 3.5]


def test_files_are_relative_to_the_camera_file(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("a.png", "sub/m.png"):
        save_image(torch.rand(3, 6, 8), tmp_path / name)
    cameras = CameraFile((view(0, tmp_path / "a.png", tmp_path / "sub" / "m.png"),))
    write_cameras(cameras, tmp_path / "c.json")
    entry = json.loads((tmp_path / "c.json").read_text())["views"][0]
    assert (entry["image"], entry["mask"]) == ("a.png", "sub/m.png")
    assert read_cameras(tmp_path / "c.json").views[0].mask.samefile(tmp_path / "sub" / "m.png")
    first = (tmp_path / "c.json").read_bytes()
    write_cameras(read_cameras(tmp_path / "c.json"), tmp_path / "c.json")
    assert (tmp_path / "c.json").read_bytes() == first


MIRROR = torch.diag(torch.tensor([-1.0, 1, 1, 1])).tolist()
FAR = [[1, 0, 0, 1e300], *torch.eye(4)[1:].tolist()]
SCALED = torch.diag(torch.tensor([1.1, 1.1, 1.1, 1])).tolist()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"maquette_cameras": 2}, "not a camera file"),
        ({"convention": "blender"}, "convention"),
        ({"pixel_center": 0.25}, "pixel_center"),
        ({"up": "up"}, "up"),
        ({"views": []}, "views"),
        ({"views": None}, "views"),
        ({"views": [3]}, r"views\[0\] must be an object"),
        ({"convention": []}, "convention must be one of opencv"),
        ({"width": 10**9}, r"views\[0\].width: must lie in"),
        ({"world_to_camera": FAR}, "farther away than 1e.15"),
        ({"bounds": [[0, 0, 0], [1e300, 1, 1]]}, "bounds: must be"),
        ({"image": ""}, "file name"),
        ({"width": 0}, "width"),
        ({"height": 2.5}, "height"),
        ({"K": [[9, 0], [0, 9]]}, "K"),
        ({"K": [[0, 0, 4], [0, 9, 3], [0, 0, 1]]}, "focal"),
        ({"K": [[9, 1, 4], [0, 9, 3], [0, 0, 1]]}, "skew"),
        ({"K": [[9, 0, 4], [0, 9, 3], [0, 0, 2]]}, "triangular"),
        ({"K": [[math.nan, 0, 4], [0, 9, 3], [0, 0, 1]]}, "finite"),
        ({"world_to_camera": MIRROR}, "rotation"),
        ({"world_to_camera": SCALED}, "rotation"),
        ({"world_to_camera": torch.zeros(4, 4).tolist()}, "rotation"),
        ({"world_to_camera": torch.eye(3).tolist()}, "world_to_camera"),
        ({"world_to_camera": "identity"}, "world_to_camera"),
        ({"world_to_camera": [*torch.eye(4).tolist()[:3], [0, 0, 1, 1]]}, "last row"),
        ({"bounds": [[0, 0, 0], [1, 0, 1]]}, "bounds"),
        ({"bounds": "all"}, "bounds"),
        ({"image": "missing.png"}, "missing.png"),
        ({"image": 5}, r"views\[0\].image must be a word, got 5"),
        ({"mask": "small.png"}, "small.png"),
        ({"image": "text.png"}, "text.png"),
    ],
)
def test_bad_files(tmp_path, changes, word):
    save_image(torch.rand(3, 5, 8), tmp_path / "small.png")
    (tmp_path / "text.png").write_text("text")
    path = tmp_path / "c.json"
    path.write_text(json.dumps(tree(**changes)))
    with pytest.raises(BadInput, match=word) as caught:
        read_cameras(path)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00", b"[" * 100_000, b"null"])
def test_not_json(tmp_path, content):
    (tmp_path / "c.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"c\.json"):
        read_cameras(tmp_path / "c.json")


def test_writing_refuses(tmp_path):
    with pytest.raises(ValueError, match="convention"):
        write_cameras(CameraFile((view(),)), tmp_path / "c.json", "blender")
    with pytest.raises(BadInput, match="cannot be written"):
        write_cameras(CameraFile((view(),)), "/dev/null/c.json")
    assert list(tmp_path.iterdir()) == []
