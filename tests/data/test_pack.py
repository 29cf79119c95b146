"""Packing meshes: object frame, colours, parts, voxels; bad meshes are named."""

import numpy as np
import pytest
import torch

from maquette.data.mesh_axes import MeshAxes
from maquette.data.mesh_folder import read_turned
from maquette.data.pack import join_packs, pack_meshes, pack_shapes
from maquette.data.splits import split_of
from maquette.io import save_mesh
from maquette.io.errors import BadInput
from maquette.ops import voxelize
from maquette.renderer import TexturesVertex
from maquette.structures import Meshes, join_meshes_as_scene
from maquette.structures.shape import Shape
from maquette.utils import ico_sphere
from tests.data.pack_shapes import box, mesh_folder, small_pack, stool


def test_a_folder_becomes_a_pack_and_bad_meshes_are_named(tmp_path):
    told = []
    packed = pack_meshes([mesh_folder(tmp_path)], lambda *words: told.append(words))
    entries = packed.pack.entries
    assert [entry.id for entry in entries] == ["ball/one", "stool/one"]
    assert [entry.category for entry in entries] == ["ball", "stool"]
    assert [entry.split for entry in entries] == [split_of("ball/one"), "test"]
    assert (entries[1].family, entries[1].source, packed.pack.licences) == ("f1", "mine", ("", "CC0"))
    skipped = {problem.path.rsplit("/", 1)[-1]: problem.reason for problem in packed.skipped}
    assert set(skipped) == {"broken.ply", "point.obj"}
    assert "no finite, positive extent" in skipped["point.obj"]
    assert [done for done, _, _ in told] == [1, 2, 3, 4]


def test_shapes_come_back_in_the_object_frame_with_colours_parts_and_voxels():
    pack = pack_shapes([Shape.from_mesh("stool", stool(), "stool")])
    shape = pack.shape(0)
    verts = shape.mesh.verts_packed()
    low, high = verts.amin(0), verts.amax(0)
    torch.testing.assert_close(low, -high)
    assert float((high - low).norm()) == pytest.approx(1, abs=1e-4)
    atlas = shape.mesh.textures.atlas_list()[0][:, 0, 0]
    assert atlas[:12].tolist() == [[1, 0, 0]] * 12
    assert atlas[12:].tolist() == [[0, 0, 1]] * 24
    assert pack.parts.tolist() == [0] * 12 + [1] * 12 + [2] * 12
    side = float((high - low).max())
    assert shape.voxels.side == pytest.approx(side)
    assert torch.equal(shape.voxels.occupancy, voxelize(shape.mesh, 32, side=side).occupancy)
    assert torch.equal(pack.solid(torch.tensor([0, 0]))[1], shape.voxels.occupancy[0])


def test_parts_are_split_by_colour_unless_there_are_many():
    ball = ico_sphere(2)
    two = box((0, 0, 0), (1, 1, 1), (1.0, 1.0, 1.0))
    atlas = two.textures.atlas_list()[0].clone()
    atlas[3:5] = 0.5
    two.textures = type(two.textures)([atlas])
    rainbow = Meshes(ball.verts_list(), ball.faces_list(), TexturesVertex(ball.verts_padded() * 0.5 + 0.5))
    pack = pack_shapes([Shape.from_mesh("two", two), Shape.from_mesh("rainbow", rainbow)])
    assert pack.parts[:12].unique().tolist() == [0, 1]
    assert not pack.parts[12:].any()
    colours = pack.shape(1).mesh.textures.atlas_list()[0][:, 0, 0]
    wanted = rainbow.textures.verts_features_packed()[rainbow.faces_packed()].mean(1)
    assert len(colours.unique(dim=0)) > 64
    torch.testing.assert_close(colours, wanted, rtol=0, atol=0.06)


def test_vertices_that_only_coincide_join_parts_and_unused_ones_do_not_count():
    mesh = box((0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5))
    corners = mesh.verts_packed()[mesh.faces_packed()].reshape(-1, 3)
    loose = torch.cat([corners, torch.full((1, 3), 50.0)])
    pack = pack_shapes([Shape("a", mesh=Meshes([loose], [torch.arange(36).view(-1, 3)]))])
    assert not pack.parts.any()
    assert len(pack.verts) == 36
    assert float(pack.verts.abs().max()) == pytest.approx(0.5 / 3**0.5, abs=1e-5)


def test_axes_of_the_folder_and_of_the_table(tmp_path):
    for name in "ab":
        mesh_folder(tmp_path / name)
        z_up = torch.tensor(
            [[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]
        )  # where X, Y and Z of the object frame are written
        save_mesh(stool().update_padded(stool().verts_padded() @ z_up), tmp_path / name / "stool/one.ply")
    (tmp_path / "a/MANIFEST.csv").write_text("file\nstool/one.ply\n")
    (tmp_path / "b/MANIFEST.csv").write_text("file,up,front\nstool/one.ply,+Z,-Y\nball/one.ply,,\n")
    first, upright = torch.tensor([0]), pack_shapes([Shape.from_mesh("stool/one", stool())])
    by_option = pack_meshes([tmp_path / "a"], axes=MeshAxes("+Z", "-Y")).pack
    by_table = pack_meshes([tmp_path / "b"]).pack
    assert torch.equal(by_option.solid(first), upright.solid(first))
    assert torch.equal(by_table.solid(first + 1), upright.solid(first))
    assert not torch.equal(pack_meshes([tmp_path / "a"]).pack.solid(first), upright.solid(first))


def test_a_turned_chair_faces_the_front_whatever_the_folders_table_tells(tmp_path):
    chair = join_meshes_as_scene(
        [box((0, 0, 0), (1, 0.5, 1), (1, 0, 0)), box((0, 0.5, 0), (1, 1.3, 0.2), (0, 0, 1))]
    )
    (tmp_path / "set/chair").mkdir(parents=True)
    sides = torch.tensor([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # its front is -X in the file
    save_mesh(chair.update_padded(chair.verts_padded() @ sides), tmp_path / "set/chair/oak.ply")
    save_mesh(chair, tmp_path / "set/chair/elm.ply")
    (tmp_path / "set/MANIFEST.csv").write_text("file,up,front\nchair/oak.ply,+Y,+X\nchair/elm.ply,,\n")
    (tmp_path / "turned.csv").write_text("file,up,front\nchair/oak.ply,+Y,-X\nchair/gone.ply,+Y,-Z\n")
    pack = pack_meshes([tmp_path / "set"], turned=read_turned(tmp_path / "turned.csv")).pack
    elm, oak = (pack.shape(i).mesh.verts_packed() for i in (0, 1))
    assert [entry.id for entry in pack.entries] == ["chair/elm", "chair/oak"]
    for verts in (elm, oak):
        back = verts[verts[:, 1] > verts[:, 1].max() - 0.01]
        assert back[:, 2].max() < 0 < verts[:, 2].max()
    assert torch.equal(pack.solid(torch.tensor([0])), pack.solid(torch.tensor([1])))


def test_two_folders_may_use_the_same_names(tmp_path):
    for name in "ab":
        mesh_folder(tmp_path / name)
    pack = pack_meshes([tmp_path / "a", tmp_path / "b"]).pack
    assert [entry.id for entry in pack.entries] == ["ball/one", "stool/one", "b/ball/one", "b/stool/one"]


def test_nothing_usable_is_bad_input(tmp_path):
    (tmp_path / "broken.off").write_text("OFF\n3 1")
    with pytest.raises(BadInput, match=r"none of 1 meshes can be used.*broken\.off"):
        pack_meshes([tmp_path])
    with pytest.raises(ValueError, match="different ids"):
        pack_shapes([Shape.from_mesh("a", stool())] * 2)
    with pytest.raises(ValueError, match="different ids"):
        pack_shapes([])


def test_shapes_without_a_split_get_that_of_their_family():
    shapes = [Shape.from_mesh(f"{family}-{i}", ico_sphere(0)) for family in "abcdefgh" for i in range(3)]
    pack = pack_shapes(shapes, families=lambda id: id.split("-")[0])
    for entry in pack.entries:
        assert entry.family == entry.id[0]
        assert entry.split == split_of(entry.family)


def test_packs_are_selected_from_and_joined():
    pack = small_pack(5)
    few = pack.select(keep=lambda entry: entry.id in ("stool/1", "stool/4"))
    assert [entry.id for entry in few.entries] == ["stool/1", "stool/4"]
    for i, original in enumerate((1, 4)):
        assert torch.equal(few.shape(i).mesh.verts_packed(), pack.shape(original).mesh.verts_packed())
        assert torch.equal(few.shape(i).voxels.occupancy, pack.shape(original).voxels.occupancy)
    assert len(pack.select(sources=("other",))) == 0
    assert len(pack.select(categories=("stool",), sources=("made",))) == 5
    both = join_packs([few, pack.take([2])])
    assert [entry.id for entry in both.entries] == ["stool/1", "stool/4", "stool/2"]
    assert torch.equal(both.shape(2).mesh.faces_packed(), pack.shape(2).mesh.faces_packed())
    np.testing.assert_array_equal(both.vert_starts.numpy(), np.arange(4) * 24)
    with pytest.raises(ValueError, match="stool/1"):
        join_packs([few, pack])
