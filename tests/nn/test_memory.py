"""The memory against values worked out by hand, and against a literal loop over pairs."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from maquette.nn.memory import EMPTY, ShapeMemory

SIDE = 16


def slab(cells):
    """A grid whose first cells, in the order of memory, are solid."""
    grid = torch.zeros(SIDE**3, dtype=torch.bool)
    grid[:cells] = True
    return grid.view(1, SIDE, SIDE, SIDE)


def pair(*numbers):
    return torch.tensor([numbers], dtype=torch.float32)


def test_a_scripted_sequence():
    memory = ShapeMemory(3, 2, SIDE, delta=0.9, beta=0.0)
    assert len(memory) == 0
    first = memory.write(pair(2, 0), slab(1000), torch.tensor([7]))
    assert first.slot.tolist() == [0]
    assert not first.matched.any()
    assert not first.replaced.any()
    assert memory.keys[0].tolist() == [1, 0]
    assert memory.ages.tolist() == [0, EMPTY, EMPTY]

    # 409 of 4,096 cells differ: likeness .9001 >= .9. The key turns by half of the right angle, the shape is kept.
    second = memory.write(pair(0, 5), slab(1409), torch.tensor([8]))
    assert second.slot.tolist() == [0]
    assert second.matched.all()
    assert not second.replaced.any()
    torch.testing.assert_close(memory.keys[0], torch.full((2,), math.sqrt(0.5)))
    assert memory.likenesses(slab(1000))[0, 0] == 1
    assert memory.shapes.tolist() == [7, EMPTY, EMPTY]
    assert memory.ages.tolist() == [0, EMPTY, EMPTY]

    # 410 differ: .8999. Empty slots are filled first, in their order, and the others age.
    for cells, slot, ages in ((1410, 1, [1, 0, EMPTY]), (3000, 2, [2, 1, 0])):
        assert memory.write(pair(1, 0), slab(cells)).slot.tolist() == [slot]
        assert memory.ages.tolist() == ages
    assert len(memory) == 3

    # The memory is full: the oldest goes.
    last = memory.write(pair(-1, 0), slab(4096), torch.tensor([9]))
    assert last.slot.tolist() == [0]
    assert last.replaced.all()
    assert not last.matched.any()
    assert memory.ages.tolist() == [0, 2, 1]
    assert memory.shapes.tolist() == [9, EMPTY, EMPTY]
    assert memory.likenesses(slab(4096))[0].tolist() == [1, 1410 / 4096, 3000 / 4096]


def test_of_equally_near_keys_and_equally_old_slots_the_first_counts():
    memory = ShapeMemory(2, 2, SIDE, delta=0.9)
    for cells in (1000, 3000):
        memory.write(pair(1, 0), slab(cells))
    assert memory.write(pair(1, 0), slab(1000)).slot.tolist() == [0]
    memory.ages[:] = 4
    assert memory.write(pair(1, 0), slab(0)).slot.tolist() == [0]


def test_likeness_at_delta_itself_is_a_match():
    for likeness, cells in (("squares", 3072), ("iou", 2048)):
        memory = ShapeMemory(2, 2, SIDE, delta=0.5 if likeness == "iou" else 0.75, likeness=likeness)
        memory.write(pair(1, 0), slab(4096))
        assert memory.write(pair(1, 0), slab(cells)).matched.all()
        assert not memory.write(pair(1, 0), slab(cells - 1)).matched.any()


def test_only_what_is_more_similar_than_beta_is_read_the_most_similar_first():
    memory = ShapeMemory(4, 2, SIDE, beta=0.6)
    memory.keys[:3] = torch.tensor([[0.6, 0.8], [0.8, 0.6], [1.0, 0.0]])
    memory.values[:3] = torch.tensor([[1], [2], [4]], dtype=torch.uint8)
    memory.ages[:3] = 0
    found = memory.read(pair(3, 0), 4)
    assert found.slot[0, :2].tolist() == [2, 1]
    assert found.found.tolist() == [[True, True, False, False]], "a cosine of beta itself is not above beta"
    torch.testing.assert_close(found.similarity[0, :2], torch.tensor([1.0, 0.8]))
    assert found.grids[0, 0].sum() == SIDE**3 / 8
    assert not found.grids[0, 2:].any()


def test_nothing_is_read_from_an_empty_memory_and_nothing_of_a_shape_of_which_nothing_is_to_be_told():
    memory = ShapeMemory(3, 2, SIDE, beta=-1)
    found = memory.read(pair(1, 0), 5)
    assert found.found.shape == (1, 3)
    assert not found.found.any()
    assert not found.grids.any()
    memory.write(torch.eye(2), torch.cat([slab(9), slab(4000)]), torch.tensor([5, EMPTY]))
    features = pair(1, 0).expand(3, 2)
    assert memory.read(features, 2, torch.tensor([5, 6, EMPTY])).found.sum(1).tolist() == [1, 2, 2]


def test_gradients_reach_features_and_no_buffer():
    memory = ShapeMemory(3, 4, SIDE, beta=-1)
    memory.write(torch.randn(3, 4), torch.cat([slab(9), slab(1000), slab(4000)]))
    features = torch.randn(2, 4, requires_grad=True)
    memory.read(features, 3).similarity.sum().backward()
    assert features.grad is not None
    assert features.grad.abs().sum() > 0
    assert not any(buffer.requires_grad for buffer in memory.buffers())
    assert not list(memory.parameters())
    before = memory.keys.clone()
    memory.write(features, torch.cat([slab(9), slab(9)]))
    assert memory.keys.grad_fn is None
    assert not torch.equal(memory.keys, before)


def alike_by_hand(one, two, likeness):
    both, either = (one & two).sum(), (one | two).sum()
    return both / max(either, 1) if likeness == "iou" else 1 - (either - both) / one.size


def written_by_hand(pairs, slots, delta, likeness):
    """Slots as lists: what the rule says, in float64, for one pair after another."""
    keys, values, ages = [None] * slots, [None] * slots, [EMPTY] * slots
    for feature, grid in pairs:
        key = feature / np.linalg.norm(feature)
        full = [i for i in range(slots) if ages[i] >= 0]
        most = max((keys[i] @ key for i in full), default=0)
        alike, nearest = max(
            ((alike_by_hand(grid, values[i], likeness), -i) for i in full if keys[i] @ key >= most - 1e-5),
            default=(-1.0, None),
        )
        if nearest is not None and alike >= delta:
            nearest = -nearest
            slot = nearest
            keys[slot] = (key + keys[slot]) / np.linalg.norm(key + keys[slot])
        else:
            empty = [i for i in range(slots) if ages[i] < 0]
            slot = empty[0] if empty else max(range(slots), key=lambda i: (ages[i], -i))
            keys[slot], values[slot] = key, grid
        ages = [age + (age >= 0) for age in ages]
        ages[slot] = 0
    return keys, values, ages


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.integers(1, 6), st.integers(1, 24), st.sampled_from(["squares", "iou"]))
def test_batches_leave_what_a_literal_loop_leaves(seed, slots, count, likeness):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, 5))
    kinds = rng.random((3, SIDE, SIDE, SIDE)) < 0.3
    grids = kinds[rng.integers(0, 3, count)] ^ (rng.random((count, SIDE, SIDE, SIDE)) < 0.03)
    memory = ShapeMemory(slots, 5, SIDE, delta=0.8, likeness=likeness)
    cut = int(rng.integers(0, count + 1))
    for part in (slice(0, cut), slice(cut, count)):
        if len(features[part]):
            memory.write(torch.from_numpy(features[part]).float(), torch.from_numpy(grids[part]))
    keys, values, ages = written_by_hand(zip(features, grids, strict=True), slots, 0.8, likeness)
    assert memory.ages.tolist() == ages
    for i in range(slots):
        if ages[i] >= 0:
            assert memory.keys[i].numpy() == pytest.approx(keys[i], abs=1e-5)
            assert np.array_equal(memory.values[i].numpy(), np.packbits(values[i].flatten()))


def test_of_equally_near_shapes_the_most_alike_is_met():
    """Shapes of which one fills the same cells more than the other have one direction."""
    memory = ShapeMemory(6, 2, SIDE, delta=0.9, likeness="iou")
    small, large = slab(1000), slab(3000)
    for _ in range(5):
        written = memory.write(pair(1, 0).expand(2, 2), torch.cat([small, large]))
    assert written.slot.tolist() == [0, 1]
    assert written.matched.all()
    assert len(memory) == 2


def test_one_write_of_many_leaves_the_bits_of_many_writes_of_one():
    torch.manual_seed(1)
    features, grids = torch.randn(40, 7), torch.rand(40, SIDE, SIDE, SIDE) < 0.2
    grids[20:] = grids[:20]
    features[20:] = features[:20] + 0.1 * torch.randn(20, 7)
    together, apart = ShapeMemory(12, 7, SIDE), ShapeMemory(12, 7, SIDE)
    together.write(features, grids, torch.arange(40))
    for i in range(40):
        apart.write(features[i : i + 1], grids[i : i + 1], torch.tensor([i]))
    for ours, theirs in zip(together.buffers(), apart.buffers(), strict=True):
        assert torch.equal(ours, theirs)


def test_sizes_that_cannot_be_are_refused():
    for arguments in ((0, 2), (3, 0), (3, 2, 10), (3, 2, SIDE, 1.5), (3, 2, SIDE, 0.9, -2)):
        with pytest.raises(ValueError, match=r"must|packed"):
            ShapeMemory(*arguments)


def test_a_memory_is_state_that_another_takes_over():
    memory, other = ShapeMemory(4, 3, SIDE), ShapeMemory(4, 3, SIDE)
    memory.write(torch.randn(3, 3), torch.cat([slab(9), slab(1000), slab(4000)]))
    other.load_state_dict(memory.state_dict())
    features = normalize(torch.randn(2, 3))
    assert torch.equal(memory.read(features, 3).grids, other.read(features, 3).grids)


def test_without_merging_every_pair_takes_a_slot_of_its_own():
    memory = ShapeMemory(3, 2, SIDE)
    for slot in (0, 1, 2, 0):
        written = memory.write(pair(1, 0), slab(100), torch.tensor([slot]), merge=False)
        assert written.slot.tolist() == [slot]
        assert not written.matched.any()
    assert written.replaced.all()
    assert memory.ages.tolist() == [0, 2, 1]
