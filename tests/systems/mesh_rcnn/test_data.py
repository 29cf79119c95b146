"""What the released code reads of a sample, against what is made of a batch's truth here."""

import json

import torch

from maquette.nn.backbones.backbone import MEAN, STD
from maquette.renderer.views import R2N2_REACH
from maquette.systems.mesh_rcnn.camera import View, grid_of_camera, intrinsics
from mesh_rcnn_golden import far, part, stored, tensors


def test_samples_of_the_released_code() -> None:
    """Of two made-up models, with the pictures that a split names."""
    arrays = stored("data")
    data, split = tensors(arrays), json.loads(str(arrays["split_json"]))
    names = [(sid, model, view) for sid in split for model in split[sid] for view in split[sid][model]]
    assert len(names) == int(data["length"]) == 5
    models = {model: i for i, model in enumerate(m for sid in split for m in split[sid])}
    summary = json.loads(str(arrays["summary_json"]))
    assert {sid: list(summary[sid]) for sid in summary} == {sid: list(split[sid]) for sid in split}
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in (MEAN, STD))
    for i, (sid, model, number) in enumerate(names):
        item, whole = tensors(part(arrays, f"item{i}")), models[model]
        assert str(arrays[f"item{i}/id"]) == f"{sid}-{model}-{number:02d}"
        camera = data["azim_elev_dist"][number].float() / torch.tensor([1.0, 1.0, R2N2_REACH])
        view = View.of_cameras(camera[None])
        assert far(view.to_camera(data[f"{whole}/verts"][None])[0], item["verts"]) < 1e-5
        assert torch.equal(item["faces"], data[f"{whole}/faces"])
        order = item["permutation"].long()
        assert far(view.to_camera(data[f"{whole}/points"][order][None])[0], item["points"]) < 1e-5
        assert far(view.turned(data[f"{whole}/normals"][order][None])[0], item["normals"]) < 1e-5
        # transparency is dropped there, what it hides is seen; here there is grey (README)
        rgb = data[f"{whole}/{number}/rgba"][..., :3].permute(2, 0, 1) / 255
        assert far((rgb - mean) / std, item["img"]) < 1e-5
        assert torch.equal(item["voxel_coords"], data[f"{whole}/voxel_coords"])
        matrix = torch.eye(4)
        matrix[:3, :3], matrix[2, 3] = view.rotation[0], -view.distance[0]
        assert far(intrinsics() @ matrix, item["P"]) < 1e-5
        size = int(data["voxel_size"])
        place = grid_of_camera(view.to_camera(item["voxel_coords"][None]))[0]
        cells = ((place + 1) * ((size - 1) / 2)).round().long()
        column, row, depth = cells[((cells >= 0) & (cells < size)).all(1)].unbind(1)
        found = set(((depth * size + row) * size + column).tolist())
        wanted = set(data[f"voxels/{i}"].tolist())
        assert len(found ^ wanted) <= 0.003 * len(wanted)
    shapes = [str((5, *item)) for item in ((3, 13, 17), (25, 3), (25, 3), (size, size, size))]
    assert arrays["batch_shapes"].tolist() == shapes
    assert data["batch_num_verts"].tolist() == [len(data[f"item{i}/verts"]) for i in range(5)]
