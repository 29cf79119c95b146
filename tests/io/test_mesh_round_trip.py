"""`save_mesh` then `load_mesh`, for every format and every kind of colour."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import BadInput, load_mesh, load_objs_as_meshes, save_image, save_mesh
from maquette.io.color_space import srgb_to_linear
from maquette.io.errors import LeftOut
from maquette.io.gltf_asset import read_asset
from maquette.io.mesh_join import repeat_picture
from maquette.structures import Meshes
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_uv import TexturesUV
from maquette.structures.textures_vertex import TexturesVertex

CASES = Path(__file__).parent / "cases"
SUFFIXES = (".obj", ".ply", ".glb", ".off", ".stl")


def random_mesh(seed, verts=9, faces=7, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(verts, 3, generator=generator) * scale
    index = torch.stack([torch.randperm(verts, generator=generator)[:3] for _ in range(faces)])
    return points, index


def colored(kind, seed=0):
    verts, faces = random_mesh(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    textures = None
    if kind == "vertex":
        textures = TexturesVertex([torch.rand(len(verts), 3, generator=generator)])
    elif kind == "face":
        textures = TexturesAtlas([torch.rand(len(faces), 1, 1, 3, generator=generator)])
    elif kind == "texture":
        uvs = torch.rand(12, 2, generator=generator)
        picture = torch.randint(0, 256, (5, 6, 3), generator=generator) / 255
        index = torch.randint(0, 12, faces.shape, generator=generator)
        textures = TexturesUV([picture], [index], [uvs])
    return Meshes([verts], [faces], textures=textures)


def corner_colors(mesh):
    return mesh.textures.faces_verts_textures_packed(mesh.faces_packed())


def corners(mesh):
    return mesh.verts_packed()[mesh.faces_packed()]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([1e-6, 1.0, 1e6]))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_geometry_survives_bit_for_bit(tmp_path_factory, suffix, seed, scale):
    path = tmp_path_factory.mktemp("trip") / f"mesh{suffix}"
    verts, faces = random_mesh(seed, scale=scale)
    save_mesh(Meshes([verts], [faces]), path)
    back = load_mesh(path)
    assert torch.equal(corners(back), verts[faces])
    if suffix != ".stl":
        assert torch.equal(back.verts_packed(), verts)
        assert torch.equal(back.faces_packed(), faces)
    assert back.textures is None


@pytest.mark.parametrize("kind", ["vertex", "face", "texture"])
@pytest.mark.parametrize("suffix", [".obj", ".ply", ".glb", ".off"])
def test_colors_survive(tmp_path, suffix, kind):
    mesh = colored(kind)
    save_mesh(mesh, tmp_path / f"m{suffix}")
    back = load_mesh(tmp_path / f"m{suffix}")
    assert torch.equal(corners(back), corners(mesh))
    wanted, found = corner_colors(mesh), corner_colors(back)
    if kind == "texture" and suffix in (".ply", ".off"):  # stored as the mean at each vertex
        assert isinstance(back.textures, TexturesVertex)
        flat = mesh.faces_packed().reshape(-1)
        for vertex in flat.unique():
            mean = wanted.reshape(-1, 3)[flat == vertex].mean(0)
            assert torch.allclose(found.reshape(-1, 3)[flat == vertex][0], mean, atol=1e-2)
        return
    assert torch.allclose(found, wanted, atol=2.1e-3 if suffix == ".ply" else 1e-5)


@pytest.mark.parametrize("kind", ["none", "vertex", "face", "texture"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_mesh_gives_the_same_bytes(tmp_path, suffix, kind):
    names = ["a", "b"]
    contents = []
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        save_mesh(colored(kind), folder / f"m{suffix}")
        contents.append({f.name: f.read_bytes() for f in sorted(folder.iterdir())})
    assert contents[0] == contents[1]
    assert len(contents[0]) == {(".obj", "texture"): 3, (".obj", "face"): 2}.get((suffix, kind), 1)


def test_several_meshes_are_joined(tmp_path):
    (v1, f1), (v2, f2) = random_mesh(0), random_mesh(1, verts=5, faces=3)
    for suffix in SUFFIXES:
        save_mesh(Meshes([v1, v2], [f1, f2]), tmp_path / f"m{suffix}")
        back = load_mesh(tmp_path / f"m{suffix}")
        assert len(back) == 1
        assert torch.equal(corners(back), torch.cat([v1[f1], v2[f2]]))


def test_several_textures_are_merged(tmp_path):
    a, b = colored("texture", 0), colored("texture", 5)
    both = Meshes(
        [a.verts_packed(), b.verts_packed()],
        [a.faces_packed(), b.faces_packed()],
        textures=a.textures.join_batch([b.textures]),
    )
    for suffix in (".glb", ".obj"):
        save_mesh(both, tmp_path / f"m{suffix}")
        back = load_mesh(tmp_path / f"m{suffix}")
        assert isinstance(back.textures, TexturesUV)
        assert torch.allclose(corner_colors(back), torch.cat([corner_colors(a), corner_colors(b)]), atol=1e-5)


def test_large_atlas_becomes_corner_colors(tmp_path):
    verts, faces = random_mesh(3)
    mesh = Meshes([verts], [faces], textures=TexturesAtlas([torch.rand(len(faces), 4, 4, 3)]))
    save_mesh(mesh, tmp_path / "m.glb")
    back = load_mesh(tmp_path / "m.glb")
    assert torch.allclose(corner_colors(back), corner_colors(mesh), atol=1e-5)


def test_more_than_65535_vertices_in_a_glb(tmp_path):
    verts = torch.rand(70_000, 3)
    faces = torch.tensor([[0, 1, 69_999], [65_536, 2, 3]])
    save_mesh(Meshes([verts], [faces]), tmp_path / "m.glb")
    assert torch.equal(load_mesh(tmp_path / "m.glb").faces_packed(), faces)


def test_trimesh_reads_our_glb(tmp_path):
    import trimesh

    save_mesh(colored("texture"), tmp_path / "m.glb")
    scene = trimesh.load(tmp_path / "m.glb", process=False)
    (geometry,) = scene.geometry.values()
    assert len(geometry.faces) == 7
    assert geometry.visual.material.baseColorTexture.size == (6, 5)


def test_trimesh_finds_our_vertex_colours(tmp_path):
    import trimesh

    mesh = colored("vertex")
    save_mesh(mesh, tmp_path / "m.glb")
    linear = srgb_to_linear(mesh.textures.verts_features_packed().numpy())
    (geometry,) = trimesh.load(tmp_path / "m.glb", process=False).geometry.values()
    assert np.array_equal(geometry.visual.vertex_attributes["color"], linear)
    scene = trimesh.load(tmp_path / "m.glb", process=False, skip_materials=True)
    (geometry,) = scene.geometry.values()
    assert geometry.visual.kind == "vertex"
    assert np.abs(geometry.visual.vertex_colors[:, :3] / 255 - linear).max() < 0.5 / 255 + 1e-6


def test_trimesh_shows_our_colours_in_the_ways_that_are_documented(tmp_path):
    import trimesh

    mesh = colored("vertex")
    for name in ("m.glb", "m.ply"):
        save_mesh(mesh, tmp_path / name)
    (from_glb,) = trimesh.load(tmp_path / "m.glb", process=False).geometry.values()
    colors = trimesh.visual.color.linear_to_srgb(from_glb.visual.vertex_attributes["color"])
    from_glb.visual = trimesh.visual.ColorVisuals(from_glb, vertex_colors=colors)
    wanted = mesh.textures.verts_features_packed().numpy()
    for read in (from_glb, trimesh.load(tmp_path / "m.ply", process=False)):
        assert np.abs(read.visual.vertex_colors[:, :3] / 255 - wanted).max() < 0.5 / 255 + 1e-5


def test_a_glb_is_a_matt_surface(tmp_path):
    for kind in ("none", "vertex", "face", "texture"):
        save_mesh(colored(kind), tmp_path / "m.glb")
        tree = read_asset((tmp_path / "m.glb").read_bytes()).json
        (material,) = tree["materials"]
        base = material["pbrMetallicRoughness"]
        assert (base["metallicFactor"], base["roughnessFactor"]) == (0, 1)
        assert material["extensions"] == {"KHR_materials_specular": {"specularFactor": 0}}
        assert tree["extensionsUsed"] == ["KHR_materials_specular"]
        assert "extensionsRequired" not in tree


@pytest.mark.parametrize("up", ["+X", "-X", "+Y", "-Y", "+Z", "-Z"])
def test_a_glb_stands_upright_whatever_was_up(tmp_path, up):
    axis = (1 if up[0] == "+" else -1) * torch.eye(3)["XYZ".index(up[1])]
    verts = torch.stack([torch.zeros(3), axis, torch.tensor([0.3, 0.2, 0.1])])
    mesh = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    save_mesh(mesh, tmp_path / "m.glb", up=up)
    back = load_mesh(tmp_path / "m.glb")
    assert back.verts_packed()[1].tolist() == [0, 1, 0]
    assert back.faces_packed().tolist() == [[0, 1, 2]]
    assert torch.allclose(torch.cdist(back.verts_packed(), back.verts_packed()), torch.cdist(verts, verts))
    save_mesh(mesh, tmp_path / "m.ply", up=up)
    assert torch.equal(load_mesh(tmp_path / "m.ply").verts_packed(), verts)


def test_we_read_trimesh_glb_with_transforms(tmp_path):
    import trimesh

    scene = trimesh.Scene()
    matrix = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [0.1, 0.2, 0.3])
    box = trimesh.creation.box()
    parent = trimesh.transformations.scale_matrix(2.0) @ trimesh.transformations.translation_matrix([1, 0, 0])
    scene.add_geometry(box, node_name="outer", transform=parent)
    scene.add_geometry(box, parent_node_name="outer", transform=matrix)
    scene.export(tmp_path / "scene.glb")
    mesh = load_mesh(tmp_path / "scene.glb")
    wanted = np.concatenate([trimesh.transform_points(box.vertices, m) for m in (parent, parent @ matrix)])
    found = mesh.verts_packed().numpy()
    for point in wanted:
        assert np.abs(found - point).sum(axis=1).min() < 1e-5
    assert len(mesh.faces_packed()) == 24


@pytest.mark.parametrize("suffix", [".ply", ".off", ".stl", ".obj"])
def test_trimesh_agrees_on_other_formats(tmp_path, suffix):
    import trimesh

    box = trimesh.creation.icosphere(subdivisions=1)
    box.export(tmp_path / f"m{suffix}")
    mesh = load_mesh(tmp_path / f"m{suffix}")
    assert np.allclose(corners(mesh).numpy(), box.vertices[box.faces], atol=1e-6)


def test_binary_ply_of_either_byte_order_with_mixed_polygons(tmp_path):
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 2, 0]], "<f4")
    for order, name in (("<", "little"), (">", "big")):
        header = (
            f"ply\nformat binary_{name}_endian 1.0\nelement vertex 5\nproperty float x\nproperty float y\n"
            "property float z\nelement face 2\nproperty list uchar int vertex_indices\nproperty uchar red\n"
            "property uchar green\nproperty uchar blue\nend_header\n"
        )
        body = square.astype(f"{order}f4").tobytes()
        body += struct.pack(f"{order}B4i3B", 4, 0, 1, 2, 3, 255, 0, 0) + struct.pack(
            f"{order}B3i3B", 3, 3, 2, 4, 0, 0, 51
        )
        (tmp_path / "m.ply").write_bytes(header.encode() + body)
        mesh = load_mesh(tmp_path / "m.ply")
        assert mesh.faces_packed().tolist() == [[0, 1, 2], [0, 2, 3], [3, 2, 4]]
        colors = mesh.textures.atlas_list()[0][:, 0, 0]
        assert torch.allclose(colors, torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 0, 0.2]]))


def test_obj_with_materials_pictures_and_relative_indices(tmp_path):
    save_image(torch.tensor([1.0, 0, 0])[:, None, None].expand(3, 2, 2), tmp_path / "red one.png")
    (tmp_path / "m.mtl").write_text("newmtl red\nmap_Kd -s 1 1 1 red one.png\nnewmtl blue\nKd 0 0 1\n")
    (tmp_path / "m.obj").write_text(
        "mtllib m.mtl\no first\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl red\n"
        "f -3/-3 -2/-2 -1/-1 # a remark\no second\nv 0 0 1\nv 1 0 1\nv 0 1 1\nusemtl blue\nf -3 -2 \\\n-1\n"
    )
    mesh = load_mesh(tmp_path / "m.obj")
    assert mesh.faces_packed().tolist() == [[0, 1, 2], [3, 4, 5]]
    wanted = torch.tensor([[1.0, 0, 0], [0, 0, 1]])[:, None].expand(2, 3, 3)
    assert torch.allclose(corner_colors(mesh), wanted)


def test_content_decides_where_the_suffix_does_not(tmp_path):
    for suffix in SUFFIXES:
        save_mesh(colored("none"), tmp_path / f"m{suffix}")
        plain = (tmp_path / f"m{suffix}").rename(tmp_path / f"plain{suffix[1:]}")
        assert len(load_mesh(plain).faces_packed()) == 7


def test_a_repeating_texture_is_brought_into_the_unit_square():
    picture = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    uvs = np.array([[3.1, -1.9], [3.9, -1.9], [3.1, -1.1], [-0.5, 0.2], [0.5, 0.2], [-0.5, 0.9]], np.float32)
    tiled, places, faces = repeat_picture(picture, uvs, np.arange(6).reshape(2, 3))
    assert tiled.shape == (2, 4, 3)
    corners = places[faces] * [2, 1]
    wanted = uvs.reshape(2, 3, 2) - np.floor(uvs.reshape(2, 3, 2).min(1, keepdims=True))
    assert np.allclose(corners, wanted, atol=1e-6)


@pytest.mark.parametrize(("most", "shape"), [(32, (4, 8, 3)), (16, (2, 4, 3)), (3, (1, 1, 3))])
def test_a_repeated_texture_that_is_too_large_is_made_smaller(monkeypatch, most, shape):
    monkeypatch.setattr("maquette.io.mesh_join._MOST_TILED_PIXELS", most)
    picture = np.zeros((4, 4, 3), np.float32)
    picture[:2] = 1
    uvs = np.array([[0, 0], [2, 0], [2, 1]], np.float32)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        tiled, places, _ = repeat_picture(picture, uvs, np.array([[0, 1, 2]]))
    assert [w.category for w in said] == [LeftOut] * (most < 32)
    assert tiled.shape == shape
    assert tiled.mean() == 0.5
    assert (tiled[0] >= tiled[-1]).all()
    assert places.max() == 1


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    mesh = colored("texture")
    with pytest.raises(BadInput, match="unknown kind"):
        save_mesh(mesh, tmp_path / "m.fbx")
    with pytest.raises(BadInput, match="cannot be written"):
        save_mesh(mesh, "/dev/null/m.obj")
    with pytest.raises(BadInput, match="finite"):
        save_mesh(Meshes([torch.full((3, 3), torch.nan)], [torch.tensor([[0, 1, 2]])]), tmp_path / "m.ply")
    with pytest.raises(BadInput, match="no faces"):
        save_mesh(Meshes([torch.rand(3, 3)], [torch.zeros(0, 3, dtype=torch.int64)]), tmp_path / "m.ply")
    assert list(tmp_path.iterdir()) == []


def test_a_texture_that_says_how_its_camera_was_held_is_not_turned():
    red, yellow = torch.tensor([1.0, 0, 0]), torch.tensor([1.0, 1, 0])
    for mesh in (load_mesh(CASES / "q.obj"), load_objs_as_meshes([CASES / "q.obj"])):
        picture = mesh.textures.maps_padded()[0]
        assert picture.shape == (32, 64, 3)
        assert torch.allclose(picture[8, 16], red, atol=0.02)
        assert torch.allclose(picture[24, 48], yellow, atol=0.02)
