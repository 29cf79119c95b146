"""Training StyleGAN2-ADA: which network each step moves, what is remembered, and resuming to the bit."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from maquette.data.batch import Batch, Entry
from maquette.data.open import DataPlace, open_source
from maquette.data.pack import pack_shapes, write_pack
from maquette.data.picture_views import PictureViews
from maquette.io import save_image
from maquette.systems.stylegan2.config import AugmentConfig, LossConfig, NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.recipes import (
    PROJECTED,
    RECIPES,
    StyleGAN2Config,
    adopt,
    cars64,
    drawn,
    drawn64,
    original,
)
from maquette.systems.stylegan2.system import StyleGAN2System
from maquette.systems.stylegan2.training import StyleGAN2Training, lazy_adam
from maquette.training.fabric import make_fabric
from maquette.training.fit import FitOptions, fit
from maquette.training.initial import settings_with
from maquette.training.run_folder import RunFolder
from maquette.training.trainer import Reporter
from maquette.training.weights import load_weights
from maquette.training.weights_header import read_weights_header
from train_fixture import ellipsoids

SIZE = 8
NETWORK = NetworkConfig(size=SIZE, width=0.001, channel_max=4, z_dim=4, w_dim=4, group=2)


class Squares:
    """Squares of different colours and places; two of the twelve are for validation."""

    provides: frozenset[str] = frozenset()
    entries = [Entry(f"square-{i}", "", "train" if i < 10 else "val") for i in range(12)]

    def training_batch(self, step: int, count: int, views: int, part=(0, 1), device="cpu") -> Batch:
        own = count // part[1]
        return self.held_batch([(step * count + part[0] * own + i) % 10 for i in range(own)], views, device)

    def held_batch(self, indices: Sequence[int], views: int, device="cpu") -> Batch:
        images = torch.full((len(indices), 1, 3, SIZE, SIZE), 0.9)
        for image, index in zip(images, indices, strict=True):
            colour = torch.rand(3, 1, 1, generator=torch.Generator().manual_seed(index))
            image[0, :, 1 + index % 3 :: 2, 2:6] = colour
        return Batch(images, torch.tensor(indices))

    def view_count(self, index: int) -> int:
        return 1


def config(**training) -> StyleGAN2Config:
    """A tiny run in which every penalty, and the strength of augmentation, has its turn."""
    settings = {
        "steps": 6, "batch": 4, "val_every": 3, "val_samples": 2, "log_every": 1, "checkpoint_every": 2,
    } | training  # fmt: skip
    whole = drawn64()
    return replace(
        whole,
        network=NETWORK,
        views=drawn(SIZE),
        loss=LossConfig(r1_every=2, path_every=3),
        augment=AugmentConfig("bgc", every=2, kimg=0.2, target=-1.0, start=0.5),
        training=replace(whole.training, **settings),
    )


def trained(folder: Path, own: StyleGAN2Config, source=None, **options) -> StyleGAN2Training:
    folder.mkdir(exist_ok=True)
    fabric = make_fabric(torch.device("cpu"), own.training)
    module = StyleGAN2Training(own)
    found = options.pop("reporter", Reporter())
    fit(fabric, module, source or Squares(), RunFolder(folder), FitOptions(**options), found, {})
    return module


def state(folder: Path, step: int) -> dict[str, torch.Tensor]:
    files = sorted(RunFolder(folder).checkpoint(step).glob("*.safetensors"))
    return {f"{file.stem}/{key}": tensor for file in files for key, tensor in load_file(file).items()}


def test_resumed_behind_any_step_it_is_the_same_to_the_bit(tmp_path):
    module = trained(tmp_path / "whole", config())
    assert float(module.strength) >= 0.5
    assert float(module.path_mean) > 0
    parts = tmp_path / "parts"
    trained(parts, config(steps=2))
    trained(parts, config(steps=4))
    trained(parts, config())
    whole, resumed = state(tmp_path / "whole", 6), state(parts, 6)
    assert whole.keys() == resumed.keys()
    assert {"weights/strength", "weights/signs", "weights/path_mean"} <= whole.keys()
    assert {"optimiser.generator", "optimiser.discriminator"} <= {key.split("/")[0] for key in whole}
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []


def test_a_projected_discriminator_resumes_to_the_bit_too(tmp_path):
    network = replace(NETWORK, discriminator="projected")
    loss = LossConfig(hinge=True, discriminator_rate=0.5, r1=0.0, path=0.0)
    whole, part = (
        replace(config(steps=steps), network=network, loss=loss, augment=AugmentConfig("none"))
        for steps in (4, 2)
    )
    trained(tmp_path / "whole", whole)
    trained(tmp_path / "parts", part)
    trained(tmp_path / "parts", whole)
    wanted, resumed = state(tmp_path / "whole", 4), state(tmp_path / "parts", 4)
    assert wanted.keys() == resumed.keys()
    assert [key for key in wanted if not torch.equal(wanted[key], resumed[key])] == []
    assert not any("body" in key or "mixture" in key for key in wanted)


class Interrupted(StyleGAN2Training):
    """Ctrl-C comes before the generator's step, when the discriminator has looked at its pictures."""

    def step(self, batch, update):
        if self.step_count == 2:
            for parameter in self.both.generator.parameters():
                parameter.register_hook(lambda gradient: signal.raise_signal(signal.SIGINT))
        return super().step(batch, update)


def test_what_a_step_that_is_left_moved_in_the_discriminator_is_put_back(tmp_path):
    network, loss = replace(NETWORK, discriminator="projected"), replace(PROJECTED, ramp=0.0)
    own = replace(config(steps=4), network=network, loss=loss, augment=AugmentConfig("none"))
    trained(tmp_path / "whole", own)
    left = tmp_path / "left"
    left.mkdir()
    fabric = make_fabric(torch.device("cpu"), own.training)
    fit(fabric, Interrupted(own), Squares(), RunFolder(left), FitOptions(), Reporter(), {})
    assert RunFolder(left).steps()[-1] == 2
    trained(left, own)
    wanted, resumed = state(tmp_path / "whole", 4), state(left, 4)
    assert [key for key in wanted if not torch.equal(wanted[key], resumed[key])] == []


def test_without_penalties_only_a_projected_discriminator_has_plain_adam():
    for kind, rates in (("resnet", (0.002, 0.0025 * 16 / 17)), ("projected", (0.0025, 0.0025))):
        own = replace(
            config(), network=replace(NETWORK, discriminator=kind), loss=LossConfig(r1=0.0, path=0.0)
        )
        groups = [o.param_groups[0]["lr"] for o in StyleGAN2Training(own).optimisers().values()]
        assert groups == pytest.approx(rates)


def steps_of(module: StyleGAN2Training, count: int) -> list[list[str]]:
    """Which optimiser is moved, in each step."""
    optimisers, moved = module.optimisers(), []

    def update(name, loss):
        parameters = [p for group in optimisers[name].param_groups for p in group["params"]]
        optimisers[name].zero_grad()
        loss.backward(inputs=parameters)
        others = {other for other in optimisers if other != name}
        before = {other: [p.clone() for p in part_of(module, other)] for other in others}
        optimisers[name].step()
        for other in others:
            pairs = zip(before[other], part_of(module, other), strict=True)
            assert all(torch.equal(old, new) for old, new in pairs)
        moved[-1].append(name[0])

    for step in range(count):
        moved.append([])
        module.step(Squares().training_batch(step, 4, 1), update)
        module.after_step(lambda tensor: tensor)
        module.follow()
    return moved


def part_of(module: StyleGAN2Training, name: str) -> list[torch.nn.Parameter]:
    return list(getattr(module.both, name).parameters())


def test_penalties_are_steps_of_their_own_every_few_steps():
    moved = steps_of(StyleGAN2Training(config()), 4)
    assert ["".join(names) for names in moved] == ["ggdd", "gd", "gdd", "ggd"]


def test_without_path_penalty_and_augmentation():
    own = replace(config(), loss=LossConfig(path=0.0, r1_every=2), augment=AugmentConfig("none", every=1))
    module = StyleGAN2Training(own)
    assert ["".join(names) for names in steps_of(module, 2)] == ["gdd", "gd"]
    assert (float(module.strength), float(module.path_mean)) == (0.0, 0.0)


def test_the_average_follows_the_generator_alone():
    module = StyleGAN2Training(config(ema=0.75))
    module.config = replace(module.config, loss=replace(module.config.loss, ramp=0.0))
    first = [p.clone() for p in module.averaged.generator.parameters()]
    steps_of(module, 1)
    pairs = zip(
        first, module.both.generator.parameters(), module.averaged.generator.parameters(), strict=True
    )
    for old, new, average in pairs:
        torch.testing.assert_close(average, 0.75 * old + 0.25 * new)
    for own, average in zip(
        part_of(module, "discriminator"), module.averaged.discriminator.parameters(), strict=True
    ):
        assert torch.equal(own, average)
    assert torch.equal(module.both.generator.mapping.w_avg, module.averaged.generator.mapping.w_avg)
    assert float(module.averaged.generator.mapping.w_avg.abs().sum()) > 0


def test_the_strength_goes_by_all_signs_since_its_last_change():
    module = StyleGAN2Training(
        replace(config(), augment=AugmentConfig("bgc", every=2, kimg=0.08, target=0.0))
    )
    module._signs = [torch.tensor([1.0, -1.0]), torch.tensor([1.0])]
    module.after_step(lambda tensor: tensor)
    assert (module.signs.tolist(), float(module.strength)) == ([1.0, 3.0], 0.0)
    module.step_count, module._signs = 1, [torch.tensor([-1.0, 1.0])]
    module.after_step(lambda tensor: tensor)
    assert (module.signs.tolist(), float(module.strength)) == ([0.0, 0.0], pytest.approx(0.1))


def test_rates_and_decays_of_lazy_steps():
    """As published for a rate of 0.0025: 0.002 and 0.002353, decays 0.992 and 0.9906."""
    weight = [torch.nn.Parameter(torch.zeros(2))]
    for every, rate, decay in ((4, 0.002, 0.99**0.8), (16, 0.0025 * 16 / 17, 0.99 ** (16 / 17))):
        (group,) = lazy_adam(weight, 0.0025, every).param_groups
        assert (group["lr"], group["betas"]) == (pytest.approx(rate), (0.0, pytest.approx(decay)))


def test_rows_validation_and_weights(tmp_path):
    lines = []
    module = trained(tmp_path, config(), reporter=Reporter(row=lambda row: lines.append(row)))
    names = {"loss", "g", "d", "sign_real", "sign_fake", "augment"}
    assert all(names <= row.train.keys() for row in lines)
    assert ["path" in row.train for row in lines] == [True, False, False, True, False, False]
    assert ["r1" in row.train for row in lines] == [True, False, True, False, True, False]
    assert lines[2].val.keys() == {"swd", "diversity", "sign_real", "sign_made"}
    sheet = module.show(module.best_network, Squares().held_batch([10], 1))
    assert sheet.shape == (3, 4 * SIZE, 8 * SIZE)
    module.save_weights(tmp_path / "w.safetensors", module.best_network, {"steps_done": 6})
    system = StyleGAN2System.load(tmp_path / "w.safetensors")
    assert system.training["augment"]["pipe"] == "bgc"
    again = system.generate(2, seed=5)
    assert (again.shape, float(again.min()) >= 0, float(again.max()) <= 1) == ((2, 3, SIZE, SIZE), True, True)
    torch.testing.assert_close(again[1], system.generate(1, seed=6)[0])


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_any_number_of_held_pictures_is_judged(count):
    module = StyleGAN2Training(replace(config(), network=replace(NETWORK, group=4)))
    found = module.judge(module.best_network, Squares().held_batch(range(count), 1))
    assert all(value.shape == (count,) for value in found.values())
    assert abs(float(found["sign_real"][0])) <= 1


def test_pictures_that_all_look_alike_are_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr("maquette.systems.stylegan2.training._EARLY", 0)
    monkeypatch.setattr("maquette.systems.stylegan2.training._SAME", 1e9)
    lines = []
    trained(tmp_path, config(), reporter=Reporter(say=lines.append))
    said = [line for line in lines if "collapsed" in line]
    assert len(said) == 1
    assert said[0].startswith("step 3: generated pictures are ")
    assert StyleGAN2Training(config()).remarks({"diversity": 1e10}) == ()


def test_any_pictures_or_shapes(tmp_path):
    (tmp_path / "pictures").mkdir()
    for i in range(12):
        save_image(torch.rand(3, 10, 14), tmp_path / "pictures" / f"{i}.png")
    source = open_source(DataPlace(data=tmp_path / "pictures"), drawn(SIZE)).source
    assert isinstance(source, PictureViews)
    assert source.training_batch(0, 2, 1).images.shape == (2, 1, 3, SIZE, SIZE)
    trained(tmp_path / "run", config(steps=1), source)
    write_pack(pack_shapes(ellipsoids()), tmp_path / "shapes.pack")
    opened = open_source(DataPlace(shapes=str(tmp_path / "shapes.pack")), drawn(SIZE))
    batch = opened.source.training_batch(0, 2, 1)
    assert batch.images.shape == (2, 1, 3, SIZE, SIZE)
    assert batch.images[:, 0, :, 0, 0].unique().tolist() == [pytest.approx(240 / 255, abs=1e-3)]
    trained(tmp_path / "shapes", config(steps=1), opened.source)


def test_fine_tuning_takes_the_network_and_hurries(tmp_path):
    module = StyleGAN2Training(config())
    whole, alone = tmp_path / "whole.safetensors", tmp_path / "alone.safetensors"
    module.save_weights(whole, module.best_network, {})
    parts = settings_with(read_weights_header(whole), cars64, None, adopt)
    tuned = StyleGAN2Config(**parts)
    assert (tuned.network, tuned.views.size) == (NETWORK, SIZE)
    assert (module.config.views.flip, tuned.views.flip) == (0.0, 0.5)
    assert (tuned.augment.kimg, tuned.loss.ramp, tuned.augment.pipe) == (100.0, 0.0, "bgc")
    fresh = StyleGAN2Training(replace(tuned, training=replace(tuned.training, seed=9)))
    taken = fresh.start_from(load_weights(whole).tensors)
    assert (taken.fresh, taken.unused) == ((), ())
    for network in (fresh.both, fresh.averaged):
        own, stored = network.state_dict(), load_weights(whole).tensors
        assert own.keys() == stored.keys()
        assert all(torch.equal(own[name], tensor) for name, tensor in stored.items())
    only = StyleGAN2System(type(module.both)(replace(NETWORK, discriminator="none")))
    only.save(alone)
    other = StyleGAN2Config(**settings_with(read_weights_header(alone), cars64, None, adopt))
    assert other.network.discriminator == "resnet"
    taken = StyleGAN2Training(other).start_from(load_weights(alone).tensors)
    assert all(name.startswith("discriminator.") for name in taken.fresh)
    assert taken.unused == ()


@pytest.mark.parametrize(
    ("stored", "recipe", "wanted"),
    [
        ("resnet", drawn64, LossConfig(ramp=0.0)),
        ("projected", cars64, replace(PROJECTED, ramp=0.0)),
        ("projected", drawn64, replace(PROJECTED, ramp=0.0)),
        ("none", drawn64, replace(PROJECTED, ramp=0.0)),
        ("resnet", original, LossConfig(ramp=0.0)),
    ],
)
def test_a_discriminator_is_trained_by_the_loss_of_its_kind(tmp_path, stored, recipe, wanted):
    file = tmp_path / "weights.safetensors"
    StyleGAN2System(fresh_network(replace(NETWORK, discriminator=stored), 0)).save(file)
    tuned = StyleGAN2Config(**settings_with(read_weights_header(file), recipe, None, adopt))
    kind = recipe().network.discriminator if stored == "none" else stored
    assert (tuned.network.discriminator, tuned.loss) == (kind, wanted)


def test_recipes():
    assert RECIPES["best"]() == drawn64()
    for size, batch, gamma in ((64, 32, 0.0256), (256, 16, 0.8192), (1024, 4, 52.4288)):
        whole = original(size=size)
        assert (whole.training.batch, whole.loss.gamma(size, batch)) == (batch, pytest.approx(gamma))
        assert whole.training.steps * batch == 25_000_000
        half = batch / 32 * 10_000
        assert whole.training.ema ** (half / batch) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"network": replace(NETWORK, size=16)}, "one size, got 16 and 8"),
        ({"network": replace(NETWORK, labels=3)}, "colours without labels, and a discriminator"),
        ({"network": replace(NETWORK, discriminator="none")}, "and a discriminator"),
        ({"network": replace(NETWORK, group=3)}, "a batch of 4 has no equal groups of 3"),
        ({"training": replace(config().training, accumulate=2)}, "training.accumulate 1"),
        ({"training": replace(config().training, ema=0.0)}, "training.ema must be positive"),
        ({"training": replace(config().training, precision="bf16")}, "trains in 32 bits"),
        ({"training": replace(config().training, precision="auto")}, "trains in 32 bits"),
        ({"augment": AugmentConfig("bgcfnc")}, "pictures of 32 pixels or more"),
    ],
)
def test_settings_that_do_not_go_together(change, says):
    with pytest.raises(ValueError, match=says):
        replace(config(), **change)


@pytest.mark.parametrize(
    ("kind", "wrong", "says"),
    [
        (LossConfig, {"r1": -1.0}, "not negative"),
        (LossConfig, {"path_every": 0}, "path_every must be at least 1"),
        (LossConfig, {"mixing": 1.5}, "mixing and ramp must lie in"),
        (AugmentConfig, {"kimg": 0.0}, "every and kimg must be positive"),
        (AugmentConfig, {"start": 2.0}, "start in"),
    ],
)
def test_numbers_out_of_range(kind, wrong, says):
    with pytest.raises(ValueError, match=says):
        kind(**wrong)
