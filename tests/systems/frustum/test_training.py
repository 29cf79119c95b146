"""Training of the frustum's network, and what it makes of a picture."""

from dataclasses import replace

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.io.errors import BadInput
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.structures.views import Views
from maquette.systems.frustum.about import FrustumOptions
from maquette.systems.frustum.recipes import FrustumConfig, best
from maquette.systems.frustum.system import FrustumSystem
from maquette.systems.frustum.training import NEEDS, FrustumTraining


def config() -> FrustumConfig:
    whole = best()
    return replace(
        whole,
        network=replace(whole.network, width=0.25),
        training=replace(whole.training, steps=40, batch=4, lr=2e-3, warmup=0, val_samples=4),
    )


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(pack_families(6, 1, side=64), config().views, truth=NEEDS, side=64)


@pytest.fixture(scope="module")
def trained(source):
    module = FrustumTraining(config())
    (optimiser,) = module.optimisers().values()

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    batch = source.training_batch(0, 4, 1)
    losses = [float(module.step(batch, update)["loss"]) for _ in range(10)]
    return module, losses


def test_the_loss_falls(trained) -> None:
    _, losses = trained
    assert losses[-1] < 0.9 * losses[0]


def test_dynamic_blocks_train_within_a_budget(source, tmp_path) -> None:
    whole = config()
    module = FrustumTraining(replace(whole, network=replace(whole.network, dynamic=True))).train()
    told = module.step(source.training_batch(0, 2, 1), lambda name, loss: loss.backward())
    assert 0 <= float(told["active"]) <= 1
    terms = whole.loss
    weights = {
        "cross_entropy": terms.cross_entropy,
        "dice": terms.dice,
        "front": terms.front,
        "run": terms.run,
    }
    weights |= {"up": terms.up, "budget": terms.budget}
    total = sum(weight * float(told[name]) for name, weight in weights.items())
    assert float(told["loss"]) == pytest.approx(total, rel=1e-5)
    masks = [p for name, p in module.network.named_parameters() if "masker" in name]
    assert len(masks) == 10 * 4
    assert all(p.grad is not None for p in masks)
    scores = module.judge(module.network.eval(), source.held_batch([0], 1))
    assert all(score.isfinite().all() for score in scores.values())
    module.save_weights(tmp_path / "w.safetensors", module.network, {})
    assert FrustumSystem.load(tmp_path / "w.safetensors").network.config.dynamic


@pytest.mark.parametrize("loss", [{"target": 1.5}, {"budget": -1.0}])
def test_budgets_that_are_none_are_refused(loss) -> None:
    with pytest.raises(ValueError, match=r"target must lie|must not be negative"):
        replace(config().loss, **loss)


def test_judging_changes_nothing_and_scores_each_object(trained, source) -> None:
    module, _ = trained
    before = {name: tensor.clone() for name, tensor in module.kept.state_dict().items()}
    with torch.no_grad():
        scores = module.judge(module.kept, source.held_batch([0, 1], 1))
        sheet = module.show(module.kept, source.held_batch([0, 1], 1))
    assert scores["iou"].shape == scores["loss"].shape == (2,)
    assert 0 <= scores["tilt"].min() <= scores["tilt"].max() <= 180
    assert 0 <= scores["iou"].min() <= scores["iou"].max() <= 1
    assert sheet.shape == (3, 2 * 96, 3 * 96)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.kept.state_dict().items())


def test_judging_in_bfloat16(trained, source) -> None:
    module, _ = trained
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = module.judge(module.kept, source.held_batch([0, 1], 1))
    assert all(score.isfinite().all() for score in scores.values())


def test_what_was_trained_is_what_reconstructs(trained, source, tmp_path) -> None:
    module, _ = trained
    module.save_weights(tmp_path / "w.safetensors", module.kept, {"steps": 12})
    system = FrustumSystem.load(tmp_path / "w.safetensors")
    batch = source.held_batch([0], 1)
    mask = batch.truth.masks[0, 0] if batch.truth.masks is not None else None
    views = Views([batch.images[0, 0]], [mask], FoVPerspectiveCameras(fov=40.0))
    (made,) = system.reconstruct(views)
    assert made.frame == "camera"
    assert made.info["system"] == "frustum"
    assert torch.allclose(made.up.norm(), torch.tensor(1.0))
    told = system.reconstruct(replace(views, cameras=None), FrustumOptions(fov=40.0))[0]
    assert torch.allclose(made.mesh.verts_packed(), told.mesh.verts_packed(), atol=1e-4)
    assert abs(made.facts["fov"] - 40) < 0.1  # of a square picture
    noted = system.reconstruct(replace(views, cameras=None, fovs=[40.0]))[0]
    assert noted.facts == made.facts
    assert 0 < made.facts["confidence"] < 1
    assert bool(made.remarks) == (made.facts["confidence"] < 0.8)
    assert -90 <= made.facts["elevation"] <= 90
    wide = system.reconstruct(replace(views, cameras=None), FrustumOptions(fov=80.0))[0]
    middle = [float(one.mesh.verts_packed()[:, 2].mean()) for one in (made, wide)]
    assert middle[0] > 1.5 * middle[1]  # what is as large in a wider view is nearer
    with pytest.raises(BadInput, match="one picture at a time"):
        system.reconstruct(Views([batch.images[0, 0]] * 2, [mask] * 2))


@pytest.mark.parametrize(
    ("views", "words"),
    [
        ({"size": 64}, "one size"),
        ({"framing": "camera", "render_size": 96}, "framing"),
        ({"flip_voxels": False}, "flip_voxels"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(views, words) -> None:
    whole = best()
    with pytest.raises(ValueError, match=words):
        replace(whole, views=replace(whole.views, **views))
