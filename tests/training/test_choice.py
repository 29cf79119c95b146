"""What is chosen where nobody says it, as numbers of numbers."""

from dataclasses import replace

import pytest

from maquette.training.choice import Start, choose_length, choose_start, seconds_a_step
from maquette.training.config import TrainConfig

RECIPES = ("original", "best", "small")
BEST = TrainConfig(
    steps=40_000, batch=16, lr=1e-3, warmup=100, val_every=500, checkpoint_every=500, log_every=20
)


@pytest.mark.parametrize(
    ("kind", "shapes", "ships", "recipes", "start"),
    [
        ("cpu", None, True, RECIPES, Start("small", True)),
        ("cpu", 20_000, True, RECIPES, Start("small", True)),
        ("mps", 40, True, RECIPES, Start("small", True)),
        ("cpu", 40, True, ("best",), Start("best", True)),
        ("cpu", 40, False, RECIPES, Start("small", False)),
        ("cuda", 40, True, RECIPES, Start("best", True)),
        ("cuda", None, True, RECIPES, Start("best", True)),
        ("cuda", 4_999, True, RECIPES, Start("best", True)),
        ("cuda", 5_000, True, RECIPES, Start("best", False)),
    ],
)
def test_the_start_follows_from_machine_shapes_and_weights(kind, shapes, ships, recipes, start):
    assert choose_start(kind, shapes, ships, recipes) == start


def test_batches_are_made_beside_the_steps_as_far_as_there_are_cores():
    assert seconds_a_step(1.0, 2.0, workers=0, cores=8, on_gpu=False) == 3.0
    assert seconds_a_step(1.0, 2.0, workers=2, cores=2, on_gpu=False) == 2.5
    assert seconds_a_step(1.0, 2.0, workers=2, cores=1, on_gpu=False) == 3.0
    assert seconds_a_step(9.0, 2.0, workers=2, cores=8, on_gpu=False) == 4.5
    assert seconds_a_step(1.0, 0.2, workers=4, cores=8, on_gpu=True) == 0.25


def test_forty_meshes_on_a_laptop():
    """32 of them train; a step takes 1.6 s: 21 minutes, four hundred looks at each shape."""
    found = choose_length(BEST, 1.6, None, shapes=32, warm=True)
    assert (found.steps, found.batch, found.lr) == (800, 16, 2e-4)
    assert (found.warmup, found.val_every, found.log_every, found.checkpoint_every) == (80, 80, 9, 75)


def test_many_shapes_get_an_hour_and_the_recipes_learning_rate():
    found = choose_length(BEST, 1.6, None, shapes=5_000, warm=True)
    assert (found.steps, found.lr) == (2025, 1e-3)
    assert 0.85 * 3600 < found.steps * 1.6 < 3600


def test_few_shapes_get_enough_steps_to_learn_anything():
    assert choose_length(BEST, 0.5, None, shapes=3, warm=True).steps == 200


@pytest.mark.parametrize(("minutes", "steps"), [(0.0, 1), (10, 337), (600, 20_250), (6_000, 40_000)])
def test_minutes_that_are_asked_for_become_steps_whatever_the_shapes(minutes, steps):
    assert choose_length(BEST, 1.6, minutes, shapes=32, warm=True).steps == steps


@pytest.mark.parametrize(("seconds", "batch"), [(4.0, 16), (4.1, 8), (15.9, 4), (66.0, 4)])
def test_a_step_of_more_than_four_seconds_gets_a_smaller_batch(seconds, batch):
    found = choose_length(BEST, seconds, None, shapes=5_000, warm=True)
    assert found.batch == batch
    assert found.steps == int(3240 / (seconds * batch / 16))


def test_a_batch_keeps_its_equal_parts():
    assert choose_length(BEST, 60.0, None, shapes=5_000, warm=True, parts=8).batch == 8
    assert choose_length(replace(BEST, batch=36), 60.0, None, shapes=5_000, warm=True, parts=4).batch == 36


def test_random_weights_keep_the_recipes_learning_rate():
    assert choose_length(BEST, 1.6, None, shapes=32, warm=False).lr == 1e-3


@pytest.mark.parametrize(
    "name", ["steps", "batch", "lr", "warmup", "val_every", "log_every", "checkpoint_every"]
)
def test_what_is_asked_for_is_never_chosen(name):
    asked = replace(BEST, **{name: {"lr": 0.5}.get(name, 52)})
    found = choose_length(asked, 30.0, 5.0, shapes=32, warm=True, said={name})
    assert getattr(found, name) == getattr(asked, name)
    others = choose_length(asked, 30.0, 5.0, shapes=32, warm=True)
    assert getattr(others, name) != getattr(asked, name)
