"""Training on pictures alone: the loss falls, a run that was ended goes on to the same bits, scores of true depth."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maquette.data.batch import Batch, Entry, Truth
from maquette.data.open import DataPlace, open_source
from maquette.data.pictures_config import PicturesConfig
from maquette.io import save_image
from maquette.systems.unsup3d.config import LossConfig
from maquette.systems.unsup3d.recipes import Unsup3DConfig, best, seed004
from maquette.systems.unsup3d.training import Unsup3DTraining
from maquette.training.fabric import make_fabric
from maquette.training.fit import FitOptions, fit
from maquette.training.run_folder import RunFolder
from maquette.training.trainer import Reporter
from maquette.training.weights import load_weights

SIZE = 32


class Balls:
    """Lit balls of different sizes and colours; two of the twelve are for validation."""

    provides = frozenset({"depth"})
    entries = [Entry(f"ball-{i}", "", "train" if i < 10 else "val") for i in range(12)]

    def training_batch(self, step: int, count: int, views: int, part=(0, 1), device="cpu") -> Batch:
        own = count // part[1]
        return self.held_batch([(step * count + part[0] * own + i) % 10 for i in range(own)], views, device)

    def held_batch(self, indices: Sequence[int], views: int, device="cpu") -> Batch:
        pairs = [ball(index) for index in indices]
        images, depth = (torch.stack(parts)[:, None] for parts in zip(*pairs, strict=True))
        return Batch(images, torch.tensor(indices), Truth(depth=depth))

    def view_count(self, index: int) -> int:
        return 1


def ball(index: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture, and its depth, which is 0 beside the ball."""
    draw = torch.Generator().manual_seed(index)
    colour, (x, size) = torch.rand(3, 1, 1, generator=draw), torch.rand(2, generator=draw) * 0.2
    v, u = torch.meshgrid(*[torch.linspace(-1, 1, SIZE)] * 2, indexing="ij")
    height = 1 - ((u - x).square() + v.square()) / (0.6 + size) ** 2
    inside = height > 0
    shade = (0.3 + 0.7 * height.clamp(min=0).sqrt()) * inside
    return colour * shade + 0.1, ((1.0 - 0.1 * height.clamp(min=0).sqrt()) * inside)[None]


def config(base: Unsup3DConfig | None = None, **training) -> Unsup3DConfig:
    whole = base or best()
    training = {
        "steps": 3, "batch": 4, "warmup": 0, "val_every": 2, "val_samples": 2, "log_every": 1, "checkpoint_every": 1,
    } | training  # fmt: skip
    return replace(
        whole,
        network=replace(whole.network, size=SIZE, width=8),
        views=PicturesConfig(size=SIZE),
        loss=replace(whole.loss, features="mobilenet_v2", first_weights="none"),
        training=replace(whole.training, precision="32", **training),
    )


def run(folder: Path, settings: Unsup3DConfig, minutes: float | None = None) -> Unsup3DTraining:
    folder.mkdir(exist_ok=True)
    module = Unsup3DTraining(settings)
    fabric = make_fabric(torch.device("cpu"), module.training_config)
    fit(fabric, module, Balls(), RunFolder(folder), FitOptions(0, minutes), Reporter(lambda line: None), {})
    return module


def test_a_run_that_was_ended_goes_on_to_the_same_bits(tmp_path):
    whole = run(tmp_path / "whole", config())
    first = run(tmp_path / "run", config(), minutes=0)
    assert first.step_count == 1
    again = run(tmp_path / "run", config())
    for (name, x), (other, y) in zip(whole.state_dict().items(), again.state_dict().items(), strict=True):
        assert name == other
        assert torch.equal(x, y)


def test_the_loss_falls_on_one_batch():
    module, batch = Unsup3DTraining(config(lr=1e-3)), Balls().training_batch(0, 4, 1)
    optimiser = module.optimisers()["network"]
    losses = []

    def update(name: str, loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    for _ in range(60):
        told = module.step(batch, update)
    assert losses[-1] < losses[0] - 0.5
    assert {"loss", "pixels", "pixels_flip", "features", "features_flip", "smoothness", "seen"} == set(told)
    assert all(p.grad is not None for p in module.network.parameters())
    assert all(p.grad is None for p in module.features.parameters())


def test_pictures_are_judged_and_where_depth_is_known_it_is_scored():
    module, batch = Unsup3DTraining(config()).eval(), Balls().held_batch([10, 11], 1)
    with torch.no_grad():
        scores = module.judge(module.kept, batch)
        unknown = module.judge(module.kept, Batch(batch.images, batch.index))
    assert set(scores) == {"loss", "pixels", "side", "mad"}
    assert set(unknown) == {"loss", "pixels"}
    assert all(score.shape == (2,) and score.isfinite().all() for score in scores.values())
    assert (scores["side"] > 0).all()
    assert ((scores["mad"] > 0) & (scores["mad"] < 90)).all()
    assert module.needs == frozenset()


def test_a_sheet_has_a_row_a_picture():
    module = Unsup3DTraining(config())
    with torch.no_grad():
        sheet = module.show(module.kept, Balls().held_batch([10, 11], 1))
    assert sheet.shape == (3, 2 * SIZE, 6 * SIZE)
    assert sheet.min() >= 0
    assert sheet.max() <= 1


@pytest.mark.parametrize(("start", "weight"), [(0, 0.5), (5, 1.0)])
def test_mirrored_pictures_count_in_full_at_the_start(start, weight):
    module = Unsup3DTraining(replace(config(), loss=LossConfig(0.5, start, 0.0, features="none")))
    batch = Balls().training_batch(0, 2, 1)
    told = module.step(batch, lambda name, loss: None)
    torch.testing.assert_close(told["loss"], told["pixels"] + weight * told["pixels_flip"])
    module.step_count = 5
    told = module.step(batch, lambda name, loss: None)
    torch.testing.assert_close(told["loss"], told["pixels"] + 0.5 * told["pixels_flip"])


def test_weights_say_what_they_are_of(tmp_path):
    module = Unsup3DTraining(config(seed004()))
    path = tmp_path / "weights.safetensors"
    module.save_weights(path, module.best_network, {"steps_done": 3})
    weights = load_weights(path, "unsup3d")
    assert weights.variant == "seed004"
    assert weights.config["network"]["confidence"] == "pixels"
    assert weights.config["training"]["steps_done"] == 3
    assert set(weights.tensors) == set(module.kept.state_dict())


def test_a_folder_of_pictures_is_all_that_training_needs(tmp_path):
    (tmp_path / "pictures").mkdir()
    for index in range(30):
        save_image(ball(index)[0], tmp_path / "pictures" / f"{index}.png")
    opened = open_source(DataPlace(data=tmp_path / "pictures"), config().views, needs=Unsup3DTraining.needs)
    told = Unsup3DTraining(config()).step(opened.source.training_batch(0, 4, 1), lambda name, loss: None)
    assert told["loss"].isfinite()
