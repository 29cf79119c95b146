"""Learning rate and number of views as functions of the step."""

import pytest

from maquette.training.config import TrainConfig
from maquette.training.schedule import learning_rate, views_at


def test_milestones_of_the_published_schedule():
    config = TrainConfig()
    rates = [learning_rate(config, step) for step in (0, 19_999, 20_000, 59_999, 60_000)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5, 1e-6])


def test_another_factor_at_milestones():
    config = TrainConfig(lr=1.0, milestones=(10, 20), factor=0.5)
    assert [learning_rate(config, step) for step in (9, 10, 20)] == pytest.approx([1.0, 0.5, 0.25])
    with pytest.raises(ValueError, match="factor"):
        TrainConfig(factor=-0.5)


def test_cosine_with_warm_up():
    config = TrainConfig(steps=110, lr=2.0, warmup=10, schedule="cosine")
    assert learning_rate(config, 0) == pytest.approx(0.2)
    assert learning_rate(config, 9) == pytest.approx(2.0)
    assert learning_rate(config, 60) == pytest.approx(1.0)
    assert learning_rate(config, 110) == pytest.approx(0.0, abs=1e-9)
    rates = [learning_rate(config, step) for step in range(10, 111)]
    assert rates == sorted(rates, reverse=True)


def test_constant():
    config = TrainConfig(schedule="constant", lr=0.5)
    assert learning_rate(config, 0) == learning_rate(config, 59_999) == 0.5


def test_views_are_uniform_and_depend_on_seed_and_step_alone():
    config = TrainConfig(views=(1, 5))
    counts = [views_at(config, step) for step in range(2000)]
    assert counts == [views_at(config, step) for step in range(2000)]
    assert all(350 < counts.count(n) < 450 for n in range(1, 6))
    assert counts != [views_at(TrainConfig(views=(1, 5), seed=1), step) for step in range(2000)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"views": (0, 3)}, "views must be a rising pair"),
        ({"views": (4, 3)}, "views must be a rising pair"),
        ({"lr": -1.0}, "lr must be finite"),
        ({"lr": float("nan")}, "lr must be finite"),
        ({"ema": 1.0}, "ema must lie in"),
        ({"batch": 9, "accumulate": 2}, "no 2 equal parts"),
    ],
)
def test_settings_out_of_range_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        TrainConfig(**changes)
