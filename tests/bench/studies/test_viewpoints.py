"""The measurement of viewpoints runs, and finds them."""

import json

import torch

from maquette.bench.studies import viewpoints
from maquette.io import save_mesh
from maquette.structures import join_meshes_as_scene
from maquette.structures.textures_vertex import TexturesVertex
from maquette.utils import ico_sphere


def test_a_folder_of_meshes(tmp_path):
    """A ball with a beak and a tail of another height has a front."""
    ball = ico_sphere(1)
    parts = [ball.scale_verts(0.4)]
    for size, place in ((0.2, (0.0, 0.3, 0.6)), (0.12, (0.5, -0.3, -0.3))):
        parts.append(ball.scale_verts(size).offset_verts(torch.tensor(place)))
    mesh = join_meshes_as_scene(parts, include_textures=False)
    mesh.textures = TexturesVertex(torch.full_like(mesh.verts_padded(), 0.6))
    save_mesh(mesh, tmp_path / "bird.ply")
    (tmp_path / "MANIFEST.csv").write_text("file,category,split\nbird.ply,bird,test\n")
    out = tmp_path / "numbers.json"
    numbers = viewpoints.main(["--shapes", str(tmp_path), "--views", "2", "--json", str(out)])
    assert sum(row["pictures"] for row in numbers.values()) == 2
    assert max(row.get("median_error", 0.0) for row in numbers.values()) < 15
    assert len(json.loads(out.read_text())["pictures"]) == 2
