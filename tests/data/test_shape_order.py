"""The order of shapes: permutations, weights, a pure function of seed and number."""

from collections import Counter

import pytest

from maquette.data.shape_order import ShapeOrder

SHAPES = [3, 5, 8, 13, 21, 34, 55]


def test_each_shape_comes_once_an_epoch_in_another_order() -> None:
    order = ShapeOrder(SHAPES, 0)
    epochs = [order.at(range(7 * i, 7 * (i + 1))) for i in range(4)]
    for epoch in epochs:
        assert sorted(epoch) == SHAPES
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.parametrize("weights", [None, [1.0, 2.0] * 256])
def test_shapes_of_a_batch_part_in_the_next_epoch(weights) -> None:
    order, again = ShapeOrder(range(512), 0, weights), []
    for epoch in range(8):
        before, after = (
            {shape: place // 16 for place, shape in enumerate(order.at(range(512 * e, 512 * (e + 1))))}
            for e in (epoch, epoch + 1)
        )
        pairs = [(a, b) for a in before for b in before if a < b and before[a] == before[b]]
        again.append(sum(after.get(a, -1) == after.get(b, -2) for a, b in pairs) / len(pairs))
    assert sum(again) / 8 < 2 * 15 / 511  # twice what chance gives


def test_any_place_can_be_asked_for_in_any_order() -> None:
    numbers = [200, 3, 70, 3, 0, 199]
    assert ShapeOrder(SHAPES, 1).at(numbers) == [ShapeOrder(SHAPES, 1).at([n])[0] for n in numbers]
    assert ShapeOrder(SHAPES, 1).at(range(50)) != ShapeOrder(SHAPES, 2).at(range(50))


def test_weights_are_kept_in_every_epoch() -> None:
    order = ShapeOrder(SHAPES, 0, [1, 1, 1, 1, 1, 1, 8])
    total: Counter[int] = Counter()
    for epoch in range(300):
        counts = Counter(order.at(range(7 * epoch, 7 * (epoch + 1))))
        assert counts[55] in (4, 5)
        assert max(counts[shape] for shape in SHAPES[:-1]) <= 1
        total += counts
    assert total[55] / 2100 == pytest.approx(8 / 14, abs=0.02)
    assert total[3] / 2100 == pytest.approx(1 / 14, abs=0.02)


def test_no_shapes_and_bad_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="no shape of the training split"):
        ShapeOrder([], 0)
    for weights in ([1.0], [1, 1, 1, 1, 1, 1, 0]):
        with pytest.raises(ValueError, match="positive weight"):
            ShapeOrder(SHAPES, 0, weights)
