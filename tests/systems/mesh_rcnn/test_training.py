"""Training of Mesh R-CNN, and what it makes of a picture."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.io.errors import BadInput
from maquette.metrics.placing import in_camera_frame, to_camera_frame
from maquette.metrics.protocols.seen import camera_of
from maquette.metrics.voxel_iou import voxel_iou
from maquette.structures import Meshes
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.structures.views import Views
from maquette.structures.voxels import coarser
from maquette.systems.mesh_rcnn import training as module
from maquette.systems.mesh_rcnn.about import MeshRCNNOptions
from maquette.systems.mesh_rcnn.camera import grid_of_camera
from maquette.systems.mesh_rcnn.depths import Z_RANGE
from maquette.systems.mesh_rcnn.network import Seen
from maquette.systems.mesh_rcnn.recipes import MeshRCNNConfig, best, small
from maquette.systems.mesh_rcnn.system import MeshRCNNSystem
from maquette.systems.mesh_rcnn.targets import NEEDS, targets_of
from maquette.systems.mesh_rcnn.training import MeshRCNNTraining


def config(variant: str = "light", **loss) -> MeshRCNNConfig:
    whole = small(variant)
    return replace(
        whole,
        network=replace(
            whole.network, backbone="mobilenet_v2", backbone_width=0.25, size=64, voxels=8, width=16,
            hidden=16, channels=16,
        ),
        views=replace(whole.views, size=64, render_size=64),
        loss=replace(whole.loss, **{"points": 200, "voxel_steps": 2, **loss}),
        training=replace(whole.training, steps=40, batch=4, lr=2e-3, warmup=0, val_samples=4),
    )  # fmt: skip


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(pack_families(6, 1, side=64), config().views, truth=NEEDS | {"masks"}, side=64)


def trained(source, settings: MeshRCNNConfig, steps: int, count: int = 4):
    module = MeshRCNNTraining(settings).train()
    (optimiser,) = module.optimisers().values()

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    batch, told = source.training_batch(0, count, 1), []
    for _ in range(steps):
        told.append(module.step(batch, update))
        module.follow()
    return module, told


@pytest.fixture(scope="module")
def light(source):
    return trained(source, config(), 12)


def test_the_loss_falls(light) -> None:
    _, told = light
    assert "chamfer_0" not in told[1]  # voxels alone
    assert float(told[-1]["voxel"]) < 0.8 * float(told[0]["voxel"])
    assert float(told[-1]["chamfer_2"]) < float(told[2]["chamfer_2"])
    assert all(float(one["skipped"]) == 0 for one in told)


def test_first_steps_teach_the_mesh_nothing(source) -> None:
    module, _ = trained(source, config(), 1)
    gradients = [p.grad for p in module.network.refinement.parameters()]
    assert all(gradient is None or not bool(gradient.any()) for gradient in gradients)


@pytest.mark.parametrize("variant", ["voxel-only", "sphere", "pixel2mesh", "full", "control"])
def test_other_variants_train(source, variant) -> None:
    _, told = trained(source, config(variant, voxel_steps=0), 2, 2)
    assert math.isfinite(float(told[-1]["loss"]))
    assert ("voxel" in told[-1]) == (variant not in ("sphere", "pixel2mesh"))
    assert ("chamfer_2" in told[-1]) == (variant != "voxel-only")


@pytest.mark.parametrize("variant", ["dynamic-3", "shared-map"])
def test_dynamic_variants_train_within_a_budget(source, variant) -> None:
    module, told = trained(source, config(variant, voxel_steps=0), 2, 2)
    assert 0 <= float(told[-1]["active"]) <= 1
    assert float(told[-1]["budget"]) >= 0
    masks = [p for name, p in module.network.maps.named_parameters() if "masker" in name]
    assert masks
    assert all(p.grad is not None for p in masks)


def test_judging_changes_nothing_and_scores_each_object(light, source) -> None:
    module, _ = light
    before = {name: tensor.clone() for name, tensor in module.kept.state_dict().items()}
    network, calls = module.kept.eval(), []
    network.backbone.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        scores = module.judge(network, source.held_batch([0, 1], 1))
        assert len(calls) == 1
        sheet = module.show(network, source.held_batch([0, 1], 1))
    assert scores["f1"].shape == scores["loss"].shape == scores["chamfer"].shape == (2,)
    assert 0 <= scores["f1"].min() <= scores["f1"].max() <= 1
    assert sheet.shape == (3, 2 * 96, 3 * 96)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.kept.state_dict().items())


def test_a_moving_average_without_gradients_is_judged(source) -> None:
    module, _ = trained(source, config("voxel-only"), 1)
    average = copy.deepcopy(module.network).requires_grad_(False)
    assert module.judge(average, source.held_batch([0], 1))["loss"].isfinite().all()


def test_judging_in_bfloat16(light, source) -> None:
    module, _ = light
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = module.judge(module.kept.eval(), source.held_batch([0, 1], 1))
    assert all(score.isfinite().all() for score in scores.values())


@pytest.mark.parametrize("skip", ["skip", "original"])
def test_a_step_whose_loss_is_not_finite(source, skip, monkeypatch) -> None:
    training, _ = trained(source, config(skip=skip, voxel_steps=0), 1, 2)
    broken = torch.tensor(math.nan)
    monkeypatch.setattr(module, "mesh_loss", lambda *_: (broken, {}))
    before = {name: p.detach().clone() for name, p in training.network.named_parameters()}
    given: list[float] = []
    batch = source.training_batch(0, 2, 1)
    told = training.step(batch, lambda name, loss: given.append(float(loss.detach())))
    assert float(told["skipped"]) == 1
    assert "loss" not in told  # one that is not finite ends a run
    assert given == ([0.0] if skip == "original" else [])
    assert all(torch.equal(before[name], p) for name, p in training.network.named_parameters())
    training.rule.in_row.fill_(100)
    told = training.step(batch, lambda name, loss: None)
    assert math.isnan(float(told["loss"]))  # now the run has failed


def whole_loss(module: MeshRCNNTraining, targets):
    network = module.network
    seen = network.see(targets.images)
    return module._loss(network, seen, module._meshes(network, seen, len(targets.images)), targets)


def test_objects_without_faces(light, source) -> None:
    """They teach voxels alone."""
    module, _ = light
    batch = source.training_batch(0, 4, 1)
    meshes = batch.truth.meshes
    faces = [torch.zeros(0, 3, dtype=torch.long), *meshes.faces_list()[1:]]
    bare = replace(batch, truth=replace(batch.truth, meshes=Meshes(meshes.verts_list(), faces)))
    targets = targets_of(bare, 8, 50)
    assert targets.surface.known.tolist() == [False, True, True, True]
    loss, terms = whole_loss(module, targets)
    assert bool(loss.isfinite())
    assert float(terms["chamfer_0"].detach()) > 0
    none = Meshes(meshes.verts_list(), [faces[0]] * 4)
    targets = targets_of(replace(batch, truth=replace(batch.truth, meshes=none)), 8, 50)
    loss, terms = whole_loss(module, targets)
    assert float(terms["chamfer_0"].detach()) == 0


def test_several_views_are_a_picture_each(source) -> None:
    batch = source.held_batch([0, 1], 3)
    targets = targets_of(batch, 8, 20)
    assert targets.images.shape == (6, 3, 64, 64)
    assert targets.solid.shape == (6, 8, 8, 8)
    assert targets.surface.points.shape == (6, 20, 3)
    assert bool(targets.solid.flatten(1).any(1).all())


def test_what_was_trained_is_what_reconstructs(light, source, tmp_path) -> None:
    module, _ = light
    module.save_weights(tmp_path / "w.safetensors", module.kept, {"steps": 12})
    system = MeshRCNNSystem.load(tmp_path / "w.safetensors")
    batch = source.held_batch([0], 1)
    views = Views([batch.images[0, 0]], [batch.truth.masks[0, 0]], FoVPerspectiveCameras(fov=40.0))
    (made,) = system.reconstruct(views)
    assert (made.frame, made.unit, made.info["system"]) == ("camera", None, "mesh_rcnn")
    assert float(made.mesh.verts_packed()[:, 2].min()) > 0
    told = system.reconstruct(replace(views, cameras=None), MeshRCNNOptions(fov=40.0))[0]
    assert torch.allclose(made.mesh.verts_packed(), told.mesh.verts_packed(), atol=1e-4)
    assert float(told.up[1]) == pytest.approx(math.cos(math.radians(27.5)))
    wide = system.reconstruct(replace(views, cameras=None), MeshRCNNOptions(fov=80.0))[0]
    middle = [float(one.mesh.verts_packed()[:, 2].mean()) for one in (made, wide)]
    assert middle[0] > 1.5 * middle[1]  # what is as large in a wider view is nearer
    with pytest.raises(BadInput, match="one picture at a time"):
        system.reconstruct(Views([batch.images[0, 0]] * 2, [batch.truth.masks[0, 0]] * 2))


def test_nothing_solid_is_told(light, source) -> None:
    module, _ = light
    system = MeshRCNNSystem(module.kept.eval(), config().views)
    batch = source.held_batch([0], 1)
    views = Views([batch.images[0, 0]], [batch.truth.masks[0, 0]])
    made = system.reconstruct(views, MeshRCNNOptions(threshold=0.9999))[0]
    assert len(made.remarks) == 1
    assert "likeliest" in made.remarks[0]


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ({"size": 64}, "one size"),
        ({"framing": "object"}, "framing"),
        ({"render_size": 160}, "cut off"),
        ({"ratio": (0.5, 0.9)}, "frustum"),
        ({"flip": 0.5}, "flip_voxels"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(views, words) -> None:
    whole = best()
    with pytest.raises(ValueError, match=words):
        replace(whole, views=replace(whole.views, **views))


@pytest.mark.parametrize(
    ("variant", "loss"),
    [("sphere", {"chamfer": 0.0}), ("pixel2mesh", {"chamfer": 0.0}), ("voxel-only", {"voxel": 0.0})],
)
def test_a_loss_that_teaches_nothing_is_refused(variant, loss) -> None:
    whole = best(variant)
    with pytest.raises(ValueError, match=f"no weight of the loss is on what variant {variant} makes"):
        replace(whole, loss=replace(whole.loss, **loss))


def test_first_weights_that_cannot_be_had(monkeypatch) -> None:
    """Without a network the run says so and goes on; where they are insisted on it ends."""

    def refuse(self, weights):
        raise BadInput("https://somewhere", "cannot be had")

    monkeypatch.setattr("maquette.nn.backbones.backbone.Backbone.load", refuse)
    with pytest.warns(UserWarning, match="from scratch"):
        MeshRCNNTraining(replace(config(), first_weights="auto"))
    with pytest.raises(BadInput, match="cannot be had"):
        MeshRCNNTraining(replace(config(), first_weights="torchvision"))


def test_the_truth_goes_through(source, monkeypatch) -> None:
    """What a network would make that tells every cell rightly lies where the object is, for whoever compares."""
    settings = config("voxel-only")
    network = replace(settings.network, voxels=32, z_range=Z_RANGE)
    views = replace(settings.views, ratio=(0.65, 0.95))
    settings = replace(settings, network=network, views=views)
    system = MeshRCNNSystem(MeshRCNNTraining(settings).kept.eval(), views)
    wide = DrawnViews(source.pack, views, truth=NEEDS | {"masks", "windows"}, side=64)
    batch = wide.held_batch([0, 1, 2], 1)
    targets = targets_of(batch, 32, 10)
    for i in range(3):
        logits = torch.where(targets.solid[i : i + 1], 9.0, -9.0)
        monkeypatch.setattr(system.network, "see", lambda images, told=logits: Seen([images], told, []))
        camera = camera_of(batch, i)
        (made,) = system.reconstruct(Views([batch.images[i, 0]], [batch.truth.masks[i, 0]], camera))
        assert made.unit == 1
        grid = system.occupancies_seen(batch.images[i], batch.cameras[i], 32)
        assert voxel_iou(grid, coarser(batch.voxels[i : i + 1], 32)) > 0.3
        meshes = in_camera_frame(made, camera), to_camera_frame(batch.truth.meshes[i], camera)
        ours, theirs = (
            grid_of_camera(one.verts_packed() * torch.tensor([-1.0, 1.0, -1.0])) * 31 / 2 for one in meshes
        )
        for ends in (torch.amin, torch.amax):
            assert (ends(ours, 0) - ends(theirs, 0)).abs().max() < 1.1  # of a cell
        alone = replace(made.pictures, cameras=None)
        (other,) = system.reconstruct(alone, MeshRCNNOptions(fov=49.134))
        assert other.unit is None
        middle = (other.mesh.verts_packed().amin(0) + other.mesh.verts_packed().amax(0)) / 2
        assert abs(float(middle[0])) < 0.5
