"""Recipes are complete, typed, and survive being written down."""

import json
from dataclasses import asdict, replace

import pytest

from maquette.data.views_config import ViewsConfig
from maquette.io.typed import typed
from maquette.systems.r2n2.config import VARIANTS
from maquette.systems.r2n2.recipes import RECIPES, LossConfig, R2N2Config


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_comes_back_from_json(name, variant):
    config = RECIPES[name](variant)
    assert config.network.variant == variant
    assert typed(R2N2Config, json.loads(json.dumps(asdict(config)))) == config


def test_original_is_as_published():
    config = RECIPES["original"]("residual-gru-3")
    training = config.training
    assert (training.batch, RECIPES["original"]("simple-gru-3").training.batch) == (24, 36)
    assert (training.steps, training.milestones, training.lr) == (60_000, (20_000, 60_000), 1e-4)
    assert (training.optimiser, training.weight_decay, training.decay_biases) == ("adam", 5e-5, False)
    assert (training.views, training.stop_loss) == ((1, 5), 2.0)
    assert (config.views.size, config.views.render_size, config.views.flip_voxels) == (127, 137, False)
    assert config.loss == LossConfig(1.0, 0.0, 0.0)


def test_seed001_has_the_learning_rate_that_its_report_means():
    config = RECIPES["seed001"]("simple-lstm-3")
    assert (config.training.lr, config.training.batch, config.training.views) == (1e-4, 64, (1, 20))
    assert (config.training.decay_biases, config.training.weight_decay) == (True, 5e-5)
    assert (config.training.optimiser, config.training.schedule) == ("adam", "constant")
    assert (config.views.replacement, config.views.flip, config.views.plain) == (False, 0.0, (1.0, 1.0))
    assert config.network.tail == "seed001"


@pytest.mark.parametrize("weights", [(0, 0, 0), (-1, 1, 0), (float("inf"), 0, 0), (float("nan"), 1, 1)])
def test_weights_of_the_loss_must_make_sense(weights):
    with pytest.raises(ValueError, match="weights of the loss"):
        LossConfig(*map(float, weights))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ratio": (0.1, 0.2)}, r"ratio must rise within \[0.3, 10\], got 0.1 to 0.2"),
        ({"elevation": (30.0, 25.0)}, "elevation must rise"),
        ({"elevation": (0.0, 100.0)}, "elevation must rise"),
        ({"margin": (float("nan"), 0.1)}, "margin must rise"),
        ({"noise": float("nan")}, r"noise must lie in \[0, 1\], got nan"),
        ({"flip": 7.0}, "flip must lie in"),
        ({"source_weights": (("a", 0.0),)}, "source_weights must be positive, got 0 for a"),
    ],
)
def test_pictures_that_cannot_be_taken(change, reason):
    with pytest.raises(ValueError, match=reason):
        R2N2Config(views=ViewsConfig(**change))


def test_azimuths_of_mirrored_pictures_are_known_only_with_mirrored_voxels():
    config = RECIPES["best"]("simple-gru-3")
    with pytest.raises(ValueError, match="flip_voxels"):
        replace(config, views=replace(config.views, flip_voxels=False))
    replace(config, views=replace(config.views, flip_voxels=False, flip=0.0))


def test_azimuths_are_weighed_where_they_are_told():
    config = RECIPES["best"]("simple-gru-3")
    with pytest.raises(ValueError, match=r"loss\.azimuth must be positive"):
        replace(config, loss=LossConfig(azimuth=0.0))
    assert replace(config, network=replace(config.network, view_bins=0)).loss == config.loss
