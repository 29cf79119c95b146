"""The detector's network: the released code's numbers for given boxes, parameters, matching, first weights."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

import maquette.systems.mesh_rcnn.detect.loss as losses
from golden_pix3d import assert_gradients, pattern, pix3d_golden, relative, stored_draws, stored_weights
from maquette.data.batch import PictureObjects
from maquette.structures import Meshes
from maquette.systems.mesh_rcnn.detect.coco import coco_weights
from maquette.systems.mesh_rcnn.detect.config import DetectConfig, DetectLossConfig
from maquette.systems.mesh_rcnn.detect.detector import BandMatcher, filled_up
from maquette.systems.mesh_rcnn.detect.heads import ShapeHeads, depth_in_heights, of_class
from maquette.systems.mesh_rcnn.detect.loss import shape_losses
from maquette.systems.mesh_rcnn.detect.network import DetectNetwork
from maquette.utils import ico_sphere

SMALL = DetectConfig(
    classes=("chair", "sofa"), backbone="resnet18", norm="running", freeze=False, channels=16, hidden=16, head=16,
    convs=1, anchors=(8, 16, 32, 64, 128), anchor_samples=32, samples=16, shaped=3, ignore=0.0,
    proposals=(64, 32, 32),
    most=4, voxels=8, stages=2, features=8,
)  # fmt: skip
ROWS = {"meshrcnn_R50_FPN": "mesh-rcnn", "sphereinit_R50_FPN": "sphere", "pixel2mesh_R50_FPN": "pixel2mesh"}
COLUMNS = {"box": "boxes", "mask": "heads.mask_head", "z": "heads.z_head", "voxel": "heads.voxel_head"}
COLUMNS |= {"backbone_fpn": "pyramid", "rpn": "rpn", "mesh": "heads.mesh_head", "all": ""}
NAMES = (
    ("z_head.z_fc", "z_head.fc"),
    ("z_head.z_pred", "z_head.predictor"),
    *((f"_head.{kind}_fcn{i + 1}.", f"_head.convs.{i}.") for kind in ("mask", "voxel") for i in range(4)),
    ("verts_offset", "offset"),
)


def ours(name: str) -> str:
    for theirs, own in NAMES:
        name = name.replace(theirs, own)
    return name


@pytest.mark.parametrize("shape", [*ROWS.values(), "voxels"])
def test_parameters(shape: str) -> None:
    data = pix3d_golden("models")
    rows, columns = (list(map(str, data[f"param_counts/{axis}"])) for axis in ("rows", "columns"))
    name = next((row for row, own in ROWS.items() if own == shape), "voxelrcnn_R50_FPN")
    stored = dict(zip(columns, data["param_counts/values"][rows.index(name)].tolist(), strict=True))
    with torch.device("meta"):
        network = DetectNetwork(DetectConfig(shape=shape))
    for column, path in COLUMNS.items():
        try:
            part = network.get_submodule(path)
        except AttributeError:
            part = nn.Module()
        assert sum(p.numel() for p in part.parameters()) == stored[column], column
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == stored["requires_grad"]


class Golden:
    """Maps, boxes and truth that the released heads were given, and our heads with their weights."""

    def __init__(self, name: str) -> None:
        self.data, self.name = pix3d_golden("roi_heads"), name
        config = DetectConfig(shape=ROWS[name], sphere=2, original=True)
        self.heads = ShapeHeads(config)
        stored = stored_weights(self.data, name)
        weights = {ours(key): value for key, value in stored.items() if not key.startswith("box_")}
        own = self.heads.state_dict()
        assert weights.keys() == own.keys()
        self.heads.load_state_dict({key: value.view_as(own[key]) for key, value in weights.items()})
        self.size = tuple(self["image_hw"].tolist())
        height, width = self.size
        k = int(self["feature_k0"])
        shapes = [(2, 256, height // stride, width // stride) for stride in (4, 8, 16, 32)]
        self.maps = {str(i): pattern(shape, k + 2 + i) for i, shape in enumerate(shapes)}
        self.boxes = [self["boxes"][:2], self["boxes"][2:]]
        self.classes = self["classes"].long()

    def __getitem__(self, key: str) -> Any:
        return self.data[f"{self.name}/{key}"]

    def objects(self) -> list[PictureObjects]:
        f, cx, cy = self["K"][0]
        verts, faces = self["gt_verts"], self["gt_faces"].long()
        return [
            PictureObjects(
                boxes=boxes,
                labels=1 + labels,
                masks=self["gt_mask"][None].bool().expand(len(boxes), -1, -1),
                meshes=Meshes([verts] * len(boxes), [faces] * len(boxes)),
                points=(self["gt_voxel_points"],) * len(boxes),
                camera=torch.stack([f, f, cx, cy]),
            )
            for boxes, labels in zip(self.boxes, self.classes.split([2, 1]), strict=True)
        ]


@pytest.mark.parametrize("name", ["meshrcnn_R50_FPN", "sphereinit_R50_FPN"])
def test_heads_of_the_released_code(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = Golden(name)
    data, heads, classes = golden.data, golden.heads, golden.classes
    sides = {"z": 7, "mask": 14, "mesh": 14} | ({"voxel": 12} if name.startswith("mesh") else {})
    for part, side in sides.items():
        pooled = heads.pooled(golden.maps, golden.boxes, golden.size, side)
        assert list(pooled.shape) == golden[f"{part}_pooler/shape"].tolist()
        assert relative(pooled.flatten()[::499], golden[f"{part}_pooler/every_499th"]) < 1e-5
        mean_std = torch.stack([pooled.double().mean(), pooled.double().std(correction=0)])
        assert (mean_std - golden[f"{part}_pooler/mean_std"]).abs().max() < 1e-3
    told = heads.tell(golden.maps, golden.boxes, golden.size)
    heights = golden["boxes"][:, 3] - golden["boxes"][:, 1]
    assert relative(depth_in_heights(told.depth, classes), golden["pred_dz"][:, 0]) < 1e-5
    assert relative(of_class(told.mask, classes).sigmoid(), golden["pred_masks"][:, 0]) < 1e-5
    if told.voxels is not None:
        solid = told.voxels.sigmoid()
        assert relative(solid, golden["pred_voxels"][:, 0]) < 1e-5
        assert float((solid - 0.2).abs().min()) > 0.5 * float(golden["threshold_margin"])
        assert (solid >= 0.2).flatten(1).sum(1).tolist() == golden["occupied"].tolist()
    for i, (verts, faces) in enumerate(
        zip(told.meshes[-1].verts_list(), told.meshes[-1].faces_list(), strict=True)
    ):
        assert relative(verts, golden[f"pred_mesh/{i}/verts"]) < 1e-4
        assert len(faces) == int(golden[f"pred_mesh/{i}/num_faces"])
    objects = golden.objects()
    network = DetectNetwork.__new__(DetectNetwork)
    nn.Module.__init__(network)
    network.config = heads.config
    true = network.targets(objects, golden.boxes, [torch.arange(2), torch.arange(1)])
    # The depths that the released heads were given are not those of its meshes.
    true = replace(true, depth=torch.log(torch.tensor([40.0, 55.0, 30.0]) / heights))
    assert torch.equal(true.labels, classes)
    assert (true.mask ^ golden["target_masks"].bool()).float().mean() <= 0.02
    true = replace(true, mask=golden["target_masks"].bool())
    if told.voxels is not None:
        assert (true.voxels ^ golden["target_voxels"].bool()).flatten(1).sum(1).max() <= 2
        true = replace(true, voxels=golden["target_voxels"].bool())
    monkeypatch.setattr(losses, "sample_points_from_meshes", stored_draws(data, name))
    found = shape_losses(told, true, DetectLossConfig())
    pairs = {"depth": "z_reg", "mask": "mask", "voxels": "voxel"}
    assert found.keys() == {"depth", "mask", "chamfer", "normals", "edge"} | ({"voxels"} & found.keys())
    for key, value in found.items():
        assert relative(value, golden[f"loss_{pairs.get(key, key)}"]) < 1e-4, key
    sum(found.values()).backward()
    theirs = {ours(str(n)): str(n) for n in golden["grad_names"]}
    grads = {theirs[key]: p.grad for key, p in heads.named_parameters()}
    boxes = {str(n): torch.zeros(1) for n in golden["grad_names"] if str(n).startswith("box_")}
    assert_gradients(data, name, grads | boxes, 2e-3)


def a_scene(size: tuple[int, int] = (48, 64)) -> PictureObjects:
    verts = ico_sphere(1).verts_packed() * 0.3 + torch.tensor([0.1, 0.0, 2.0])
    masks = torch.zeros(1, *size, dtype=torch.bool)
    masks[:, 14:34, 18:38] = True
    return PictureObjects(
        boxes=torch.tensor([[18.0, 14, 38, 34]]),
        labels=torch.tensor([2]),
        masks=masks,
        meshes=Meshes([verts], [ico_sphere(1).faces_packed()]),
        points=(verts,),
        camera=torch.tensor([60.0, 60, size[1] / 2, size[0] / 2]),
        size=size,
    )


@pytest.fixture(scope="module")
def network() -> DetectNetwork:
    torch.manual_seed(0)
    return DetectNetwork(SMALL)


@pytest.mark.parametrize("shape", ["mesh-rcnn", "voxels", "sphere", "pixel2mesh"])
def test_losses_reach_every_parameter(shape: str) -> None:
    network = DetectNetwork(replace(SMALL, shape=shape, sphere=1))
    config = DetectLossConfig(points=50)
    found = network.train().losses(torch.rand(2, 3, 48, 64), [a_scene(), a_scene((40, 64))], config)
    always = {"anchor", "anchor_box", "class", "box", "depth", "mask"}
    more = {"voxels"} if shape in ("mesh-rcnn", "voxels") else set()
    assert found.keys() == always | more | (set() if shape == "voxels" else {"chamfer", "normals", "edge"})
    sum(found.values()).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert not without
    assert all(p.grad.isfinite().all() for p in network.parameters())


def test_dynamic_blocks_learn_within_a_budget() -> None:
    network = DetectNetwork(replace(SMALL, dynamic=2)).train()
    found = network.losses(
        torch.rand(1, 3, 48, 64), [a_scene()], DetectLossConfig(points=50, budget=2.0), 0.5
    )
    assert found["budget"] > 0
    found["budget"].backward()
    blocks = [p for name, p in network.heads.refine.named_parameters() if "masker" in name]
    assert blocks
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in blocks)
    with torch.no_grad():
        (made,) = network.eval().find(torch.rand(1, 3, 48, 64), [(48, 64)])
    assert made.meshes.verts_packed().isfinite().all()


def test_finds_within_the_picture(network: DetectNetwork) -> None:
    network.eval()
    network.boxes.score_thresh = 0.0
    with torch.no_grad():
        first, second = network.find(torch.rand(2, 3, 48, 64), [(48, 64), (40, 50)])
    for found, (height, width) in ((first, (48, 64)), (second, (40, 50))):
        assert 1 <= len(found.boxes) == len(found.meshes) <= SMALL.most
        assert (found.boxes >= 0).all()
        assert (found.boxes[:, [0, 2]] <= width).all()
        assert (found.boxes[:, [1, 3]] <= height).all()
        assert found.masks.shape == (len(found.boxes), height, width)
        assert found.labels.max() < 2
        assert (found.scores.diff() <= 0).all()
        assert (found.meshes.num_faces_per_mesh() > 0).all()


def test_the_likeliest_cell_where_none_is_likely(network: DetectNetwork) -> None:
    voxels = torch.full((2, 8, 8, 8), -9.0)
    voxels[0, 2, 3, 4] = -8.0
    voxels[1, 5, 5, 5] = 4.0
    assert network.heads.surface(voxels).num_faces_per_mesh().tolist() == [0, 12]
    found = network.heads.surface(voxels, solid_somewhere=True)
    assert found.num_faces_per_mesh().tolist() == [12, 12]
    middle = found.verts_list()[0].mean(0)
    torch.testing.assert_close(middle, 2 * torch.tensor([3.5, 2.5, 2.5]) / 7 - 1)


def test_nothing_found_is_no_object(network: DetectNetwork) -> None:
    network.eval()
    network.boxes.score_thresh = 1.0
    with torch.no_grad():
        (found,) = network.find(torch.rand(1, 3, 32, 32), [(32, 32)])
    assert len(found.boxes) == len(found.meshes) == len(found.masks) == 0


def test_overlaps_in_bands() -> None:
    overlaps = torch.tensor([[0.1, 0.3, 0.55, 0.8, 0.0], [0.15, 0.1, 0.2, 0.1, 0.05]])
    assert BandMatcher(0.7, 0.5, 0.2, best=False)(overlaps).tolist() == [-2, -1, -2, 0, -2]
    assert BandMatcher(0.7, 0.5, 0.2, best=True)(overlaps).tolist() == [-2, -1, 0, 0, -2]
    assert BandMatcher(0.5, 0.5, 0.0, best=False)(overlaps).tolist() == [-1, -1, 0, 0, -1]
    missed = torch.cat([overlaps, torch.zeros(1, 5)])  # an object that no box meets
    assert BandMatcher(0.7, 0.5, 0.2, best=True)(missed).tolist() == [-2, -1, 0, 0, -2]


def test_borders_have_the_mean_colour() -> None:
    colour = torch.tensor([0.1, 0.2, 0.3]).view(3, 1, 1)
    found = filled_up(torch.ones(2, 3, 30, 40), [(30, 40), (20, 33)], colour)
    assert found.shape == (2, 3, 32, 64)
    assert (found[0, :, :30, :40] == 1).all()
    assert torch.equal(found[1, :, 20:], colour.expand(3, 12, 64))
    assert torch.equal(found[1, :, :20, 33:], colour.expand(3, 20, 31))


def test_weights_of_coco_by_their_names(tmp_path: Any) -> None:
    """As torchvision names them, in a file that is written here; its classes are others."""
    from safetensors.torch import load_file, save_file
    from torchvision.models.detection import maskrcnn_resnet50_fpn

    torch.manual_seed(1)
    theirs = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    save_file(theirs, tmp_path / "coco.safetensors")
    found = coco_weights(load_file(tmp_path / "coco.safetensors"))
    network = DetectNetwork(DetectConfig())
    own = network.state_dict()
    taken = {name for name, tensor in found.items() if name in own and own[name].shape == tensor.shape}
    left = {name.rpartition(".")[0] for name in own if name not in taken}
    assert all(name.startswith(("boxes.box_predictor", "heads.")) or name == "" for name in left)
    assert not any("mask_head" in name and "predictor" not in name for name in left)
    for path, name in (
        ("backbone.body.layer3.2.conv1.weight", "pyramid.body.body.layer3.2.conv1.weight"),
        ("roi_heads.mask_head.2.0.bias", "heads.mask_head.convs.2.bias"),
        ("roi_heads.box_head.fc7.weight", "boxes.box_head.fc7.weight"),
    ):
        assert torch.equal(found[name], theirs[path])
    old = {"roi_heads.mask_head.mask_fcn3.bias": torch.ones(256)}
    assert list(coco_weights(old)) == ["heads.mask_head.convs.2.bias"]
    assert math.isfinite(sum(float(t.float().sum()) for t in found.values()))
