"""`IO` and its formats."""

import io

import pytest
import torch

from maquette.io import IO
from maquette.io.experimental_gltf_io import MeshGlbFormat, load_meshes
from maquette.io.obj_io import MeshObjFormat
from maquette.io.off_io import MeshOffFormat
from maquette.io.pluggable_formats import MeshFormatInterpreter
from maquette.io.ply_io import MeshPlyFormat
from maquette.io.stl_io import MeshStlFormat
from maquette.structures import Meshes, Pointclouds
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_uv import TexturesUV
from maquette.structures.textures_vertex import TexturesVertex

VERTS = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
FACES = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


class Drawer:
    """A path manager with nothing but `open`, over a dictionary."""

    def __init__(self):
        self.files = {}

    def open(self, path, mode):
        if "r" in mode:
            if path not in self.files:
                raise FileNotFoundError(path)
            return io.BytesIO(self.files[path])
        drawer = self

        class Writer(io.BytesIO):
            def close(self):
                drawer.files[path] = self.getvalue()
                super().close()

        return Writer()


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".off", ".glb", ".stl"])
@pytest.mark.parametrize("managed", [False, True])
def test_every_format_through_a_path_and_through_a_manager(tmp_path, suffix, managed):
    manager = Drawer() if managed else None
    files = IO(path_manager=manager)
    name = f"mem://m{suffix}" if managed else str(tmp_path / f"m{suffix}")
    files.save_mesh(Meshes([VERTS], [FACES]), name)
    mesh = files.load_mesh(name, include_textures=False)
    assert torch.equal(mesh.verts_packed()[mesh.faces_packed()], VERTS[FACES])
    if managed:
        assert list(manager.files) == [name]
        with pytest.raises(FileNotFoundError):
            files.load_mesh(f"mem://missing{suffix}")


def test_obj_with_texture_through_a_manager():
    files = IO(path_manager=Drawer())
    textures = TexturesUV([torch.rand(4, 4, 3)], [FACES], [torch.rand(4, 2)])
    files.save_mesh(Meshes([VERTS], [FACES], textures=textures), "m.obj")
    assert sorted(files.path_manager.files) == ["m.mtl", "m.obj", "m.png"]
    back = files.load_mesh("m.obj")
    assert torch.allclose(back.textures.maps_padded(), textures.maps_padded(), atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("suffix", [".ply", ".off", ".glb"])
def test_vertex_colors(tmp_path, suffix):
    colors = torch.rand(4, 3)
    IO().save_mesh(Meshes([VERTS], [FACES], textures=TexturesVertex([colors])), tmp_path / f"m{suffix}")
    back = IO().load_mesh(tmp_path / f"m{suffix}")
    assert torch.allclose(back.textures.verts_features_packed(), colors, atol=1e-6)
    assert IO().load_mesh(tmp_path / f"m{suffix}", include_textures=False).textures is None
    mesh = Meshes([VERTS], [FACES], textures=TexturesVertex([colors]))
    IO().save_mesh(mesh, tmp_path / f"p{suffix}", include_textures=False)
    assert IO().load_mesh(tmp_path / f"p{suffix}").textures is None


def test_face_colors_in_off(tmp_path):
    colors = torch.rand(4, 1, 1, 3)
    IO().save_mesh(Meshes([VERTS], [FACES], textures=TexturesAtlas([colors])), tmp_path / "m.off")
    back = IO().load_mesh(tmp_path / "m.off")
    assert torch.allclose(back.textures.atlas_packed(), colors, atol=1e-6)


def test_off_tells_whole_numbers_from_fractions(tmp_path):
    path = tmp_path / "m.off"
    path.write_text("COFF\n3 1 0\n0 0 0 255 0 51\n1 0 0 0 0 0\n0 1 0 0 0 0\n3 0 1 2\n")
    assert torch.allclose(IO().load_mesh(path).textures.verts_features_packed()[0], torch.tensor([1, 0, 0.2]))
    path.write_text(path.read_text().replace("255 0 51", "1.0 0.0 0.2"))
    assert torch.allclose(IO().load_mesh(path).textures.verts_features_packed()[0], torch.tensor([1, 0, 0.2]))


@pytest.mark.parametrize("binary", [True, False])
def test_point_clouds(tmp_path, binary):
    cloud = Pointclouds([VERTS], normals=[VERTS + 1], features=[VERTS / 2])
    IO().save_pointcloud(cloud, tmp_path / "c.ply", binary=binary, decimal_places=8)
    back = IO().load_pointcloud(tmp_path / "c.ply")
    assert torch.allclose(back.points_packed(), VERTS)
    assert torch.allclose(back.normals_packed(), VERTS + 1)
    assert torch.allclose(back.features_packed(), VERTS / 2)


def test_normals_are_kept_by_ply(tmp_path):
    normals = torch.tensor([[0.0, 0, 1]]).expand(4, 3)
    IO().save_mesh(Meshes([VERTS], [FACES], verts_normals=[normals]), tmp_path / "m.ply")
    assert torch.equal(IO().load_mesh(tmp_path / "m.ply").verts_normals_packed(), normals)


def test_glb_keeps_seams_and_gives_single_meshes(tmp_path):
    uvs = torch.rand(12, 2)
    textures = TexturesUV([torch.rand(4, 4, 3)], [torch.arange(12).reshape(4, 3)], [uvs])
    mesh = Meshes([VERTS], [FACES], textures=textures)
    IO().save_mesh(mesh, tmp_path / "m.glb")
    ((name, back),) = load_meshes(tmp_path / "m.glb")
    assert name == "mesh"
    found = back.textures.verts_uvs_padded()[0][back.faces_packed()]
    assert torch.allclose(found, uvs.reshape(4, 3, 2), atol=1e-6)
    assert torch.equal(back.verts_packed()[back.faces_packed()], VERTS[FACES])


@pytest.mark.parametrize("kind", [MeshObjFormat, MeshPlyFormat, MeshOffFormat, MeshGlbFormat, MeshStlFormat])
def test_formats_decline_other_suffixes_and_take_their_own_arguments_by_position_too(tmp_path, kind):
    made, mesh = kind(), Meshes([VERTS / 3], [FACES])
    (suffix,) = made.known_suffixes
    for other in (tmp_path / "m.xyz", str(tmp_path / "m.xyz")):
        assert not made.save(mesh, other, None, None)
        assert made.read(other, True, "cpu", None) is None
        assert not (tmp_path / "m.xyz").exists()
    path = tmp_path / f"m{suffix.upper()}"
    assert made.save(mesh, path, None, False, *((2,) if kind in (MeshObjFormat, MeshPlyFormat) else ()))
    back = made.read(path, True, "cpu", None, *((True,) if kind is MeshObjFormat else ()))
    rounded = kind in (MeshObjFormat, MeshPlyFormat)
    expected = (mesh.verts_packed() * 100).round() / 100 if rounded else mesh.verts_packed()
    assert torch.allclose(back.verts_packed()[back.faces_packed()], expected[FACES], atol=1e-6)
    assert isinstance(back.textures, TexturesAtlas) == (kind is MeshObjFormat)


def test_registering(tmp_path):
    class Constant(MeshFormatInterpreter):
        def read(self, path, include_textures, device, path_manager, **kwargs):
            return Meshes([VERTS], [FACES]) if str(path).endswith(".one") else None

        def save(self, data, path, path_manager, binary, **kwargs):
            return False

    files = IO(include_default_formats=False)
    with pytest.raises(ValueError, match="No mesh interpreter found to read"):
        files.load_mesh("x.one")
    files.register_meshes_format(Constant())
    files.register_meshes_format(MeshGlbFormat())
    assert torch.equal(files.load_mesh("x.one").verts_packed(), VERTS)
    with pytest.raises(ValueError, match="No mesh interpreter found to write"):
        files.save_mesh(Meshes([VERTS], [FACES]), tmp_path / "x.one")
    with pytest.raises(ValueError, match="No point cloud interpreter"):
        files.load_pointcloud("x.ply")
    for register in (files.register_meshes_format, files.register_pointcloud_format):
        with pytest.raises(ValueError, match="Invalid interpreter"):
            register(object())


def test_what_save_refuses(tmp_path):
    with pytest.raises(ValueError, match="Meshes object expected"):
        IO().save_mesh(VERTS, tmp_path / "m.ply")
    with pytest.raises(ValueError, match="single mesh"):
        IO().save_mesh(Meshes([VERTS] * 2, [FACES] * 2), tmp_path / "m.ply")
    with pytest.raises(ValueError, match="Pointclouds object expected"):
        IO().save_pointcloud(VERTS, tmp_path / "m.ply")
    with pytest.raises(ValueError, match="single point cloud"):
        IO().save_pointcloud(Pointclouds([VERTS] * 2), tmp_path / "m.ply")
    with pytest.warns(UserWarning, match="7 colors, not 3"):
        IO().save_mesh(
            Meshes([VERTS], [FACES], textures=TexturesVertex([torch.rand(4, 7)])), tmp_path / "m.ply"
        )
