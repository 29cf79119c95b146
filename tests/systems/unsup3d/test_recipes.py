"""Recipes: the published settings, and what each of the others changes."""

from dataclasses import replace

import pytest

from maquette.data.pictures_config import PicturesConfig
from maquette.systems.unsup3d.config import VARIANTS
from maquette.systems.unsup3d.recipes import RECIPES, best, cat, original, seed004, syncar, synface


def test_the_published_settings():
    config = original()
    training = config.training
    assert (training.batch, training.lr, training.weight_decay) == (64, 1e-4, 5e-4)
    assert training.decay_biases
    assert training.steps == 30 * 2543
    assert (config.loss.perceptual, config.loss.flip, config.loss.smoothness) == (1.0, 0.5, 0.0)
    assert config.network.formation.sampling == "original"
    assert config.views.size == 64


def test_cats_come_nearer_and_mirrored_ones_count_in_full_for_ten_epochs():
    assert cat().network.formation.shift_z == 0.1
    assert cat().loss.flip_start == 10 * 175
    assert cat().training.steps == 200 * 175


def test_cars_have_no_confidence_a_smooth_depth_and_strong_light():
    config = syncar()
    assert config.network.confidence == "none"
    assert (config.loss.perceptual, config.loss.flip, config.loss.smoothness) == (0.01, 1.0, 0.1)
    assert config.network.formation.border_depth == 1.08
    assert config.network.formation.diffuse == (0.5, 1.0)


def test_the_others_differ_from_the_published_ones_in_little():
    assert replace(synface(), training=original().training) == original()
    formation = replace(seed004().network.formation, flip_depth=True)
    network = replace(seed004().network, confidence="both", variant="original", formation=formation)
    assert replace(seed004(), network=network) == original()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_takes_every_variant(name):
    for variant in VARIANTS:
        assert RECIPES[name](variant).network.variant == variant


def test_pictures_of_another_size_than_the_networks_are_refused():
    with pytest.raises(ValueError, match="one size"):
        replace(original(), views=PicturesConfig(size=128))


def test_the_small_one_tells_views_with_wider_networks_and_begins_as_a_dome():
    network = best().network
    assert (network.width, network.numbers_width, network.dome) == (16, 24, 0.5)
    assert (original().network.numbers_width, original().network.dome) == (0, 0.0)
    assert best().loss.features == "mobilenet_v2"
