"""`Views`, `Reconstruction` and `Shape` refuse what does not fit together."""

import pytest
import torch

from maquette.structures import Meshes, Reconstruction, Shape, Views, VoxelGrid
from maquette.structures.picture_map import PictureMap

TRIANGLE = Meshes([torch.rand(3, 3)], [torch.tensor([[0, 1, 2]])])
GRID = VoxelGrid(torch.ones(1, 2, 2, 2, dtype=torch.bool))


def test_views_of_different_sizes():
    views = Views(
        [torch.rand(3, 4, 5), torch.rand(3, 6, 2)], masks=[torch.ones(1, 4, 5), None], names=["a", "b"]
    )
    assert len(views) == 2
    assert not views.has_masks
    same = views.to("cpu")
    assert same.device.type == "cpu"
    assert same.masks[1] is None
    assert same.names == ["a", "b"]
    assert Views(views.images).masks is None
    assert Views(views.images[:1], views.masks[:1]).has_masks


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, "at least one"),
        ([torch.rand(4, 4, 4)], {}, "shape"),
        ([torch.rand(3, 0, 4)], {}, "shape"),
        ([torch.zeros(3, 4, 4, dtype=torch.uint8)], {}, "floats"),
        ([torch.full((3, 4, 4), 255.0)], {}, "lie in"),
        ([torch.full((3, 4, 4), float("nan"))], {}, "lie in"),
        ([torch.rand(3, 4, 4)], {"masks": []}, "1 pictures but 0 masks"),
        ([torch.rand(3, 4, 4)], {"masks": [torch.rand(1, 4, 5)]}, "mask 0"),
        ([torch.rand(3, 4, 4)], {"masks": [torch.rand(3, 4, 4)]}, "shape"),
        ([torch.rand(3, 4, 4)], {"names": ["a", "b"]}, "2 names"),
        ([torch.rand(3, 4, 4)], {"cameras": [1, 2]}, "2 cameras"),
        ([torch.rand(3, 4, 4)], {"fovs": [40.0, None]}, "2 fovs"),
        ([torch.rand(3, 4, 4)], {"fovs": [180.0]}, "between 0 and 180"),
        ([torch.rand(3, 4, 4)], {"boxes": [(0.0, 0.0, 5.0, 4.0)]}, "must lie in its picture of 4 x 4"),
        ([torch.rand(3, 4, 4)], {"boxes": [(1.0, 1.0, 0.0, 2.0)]}, "must lie in its picture"),
    ],
)
def test_views_errors(images, options, message):
    with pytest.raises(ValueError, match=message):
        Views(images, **options)


def test_reconstruction_holds_what_a_system_found():
    found = Reconstruction(
        TRIANGLE, "object", voxels=GRID, depth=torch.rand(1, 4, 4), normals=torch.rand(3, 4, 4), score=0.5,
        box=torch.tensor([0.0, 0.0, 4.0, 4.0]), info={"system": "molding"},
        facts={"steps": 3, "loss": {"first": None, "all": [0.5, True]}}, remarks=("it is dark",),
    )  # fmt: skip
    assert found.info["system"] == "molding"
    assert Reconstruction(TRIANGLE, "camera").info == {}
    with pytest.raises(AttributeError):
        found.frame = "camera"


@pytest.mark.parametrize(
    ("mesh", "options", "message"),
    [
        (TRIANGLE.extend(2), {}, "one mesh, got 2"),
        (TRIANGLE, {"frame": "screen"}, "frame"),
        (TRIANGLE, {"voxels": GRID[[0, 0]]}, "one voxel grid"),
        (TRIANGLE, {"depth": torch.rand(4, 4)}, "depth must have shape"),
        (TRIANGLE, {"aside": torch.rand(1, 4, 4)}, "aside must have shape"),
        (TRIANGLE, {"albedo": torch.rand(1, 4, 4)}, "albedo must have shape"),
        (TRIANGLE, {"depth": torch.rand(1, 4, 4), "mask": torch.rand(1, 4, 5)}, "differ in size"),
        (TRIANGLE, {"score": 1.5}, "score"),
        (TRIANGLE, {"maps": {"A map": PictureMap(torch.rand(1, 4, 4))}}, "maps must have names"),
        (TRIANGLE, {"box": torch.rand(5)}, "box must have shape"),
        (TRIANGLE, {"box": torch.tensor([2.0, 0, 1, 1])}, "area"),
        (
            TRIANGLE,
            {"facts": {"error": float("nan")}},
            "fact error is nothing that JSON can hold: Out of range",
        ),
        (
            TRIANGLE,
            {"facts": {"depth": {"near": [float("inf")]}}},
            "fact depth is nothing that JSON can hold",
        ),
        (TRIANGLE, {"facts": {"depth": torch.ones(2)}}, "fact depth .* Tensor is not JSON serializable"),
    ],
)
def test_reconstruction_errors(mesh, options, message):
    with pytest.raises(ValueError, match=message):
        Reconstruction(mesh, **{"frame": "object", **options})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("facts", {1: 2}, "facts must be a mapping from words"),
        ("facts", [("error", 1)], "facts must be a mapping from words"),
        ("remarks", "dark", "remarks must be a tuple of sentences, got 'dark'"),
        ("remarks", ["dark"], "remarks must be a tuple"),
        ("remarks", (1,), "remarks must be a tuple"),
    ],
)
def test_what_a_system_tells_is_checked_without_checked_annotations(name, value, message):
    made = Reconstruction(TRIANGLE, "object")
    object.__setattr__(made, name, value)
    with pytest.raises(ValueError, match=message):
        made.__post_init__()


def test_shape_from_mesh_stands_in_the_object_frame():
    verts = torch.tensor([[1.0, 2, 3], [4, 2, 3], [1, 6, 3], [9, 9, 9]])
    shape = Shape.from_mesh("box", Meshes([verts], [torch.tensor([[0, 1, 2]])]), "toy", "train")
    used = shape.mesh.verts_packed()[:3]
    extent = used.amax(0) - used.amin(0)
    torch.testing.assert_close(extent.norm(), torch.tensor(1.0))
    torch.testing.assert_close(used.amax(0) + used.amin(0), torch.zeros(3))
    assert shape.scale == pytest.approx(1 / 5)
    torch.testing.assert_close(shape.to_file(shape.mesh.verts_packed()), verts)
    torch.testing.assert_close(shape.from_file(verts), shape.mesh.verts_packed())
    assert (shape.category, shape.split) == ("toy", "train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": ""}, "needs an id"),
        ({"mesh": None}, "neither mesh nor voxels"),
        ({"mesh": TRIANGLE.extend(2)}, "one mesh"),
        ({"voxels": GRID[[0, 0]]}, "one voxel grid"),
        ({"split": "test2"}, "split"),
        ({"scale": 0.0}, "scale"),
    ],
)
def test_shape_errors(options, message):
    with pytest.raises(ValueError, match=message):
        Shape(**{"id": "a", "mesh": TRIANGLE, **options})


@pytest.mark.parametrize(
    "verts", [torch.zeros(3, 3), torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, float("nan"), 0]])]
)
def test_shape_from_mesh_without_extent(verts):
    with pytest.raises(ValueError, match="extent"):
        Shape.from_mesh("flat", Meshes([verts], [torch.tensor([[0, 1, 2]])]))
