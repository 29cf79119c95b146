"""Shapes that people put into a memory, find there, and take out; nothing else changes."""

import pytest
import torch

from maquette.nn.memory import EMPTY, ShapeMemory
from maquette.systems.mem3d.memory_edit import forget, held, place, recollect
from maquette.systems.remembered import Remembered

SIDE = 16


def slab(cells):
    grid = torch.zeros(SIDE**3, dtype=torch.bool)
    grid[:cells] = True
    return grid.view(SIDE, SIDE, SIDE)


def filled() -> ShapeMemory:
    """Three slots, of which the first two hold a shape that is called "a", and one without a name."""
    memory = ShapeMemory(3, 2, SIDE, beta=0.5)
    memory.write(torch.eye(2), torch.stack([slab(10), slab(3000)]), torch.tensor([0, -1]))
    memory.ids = ("a",)
    return memory


def test_what_is_there_is_told():
    memory = filled()
    assert held(memory) == [Remembered(0, "a", 1, 10), Remembered(1, None, 0, 3000)]
    assert held(ShapeMemory(3, 2, SIDE)) == []
    assert held(memory)[1].as_dict() == {"slot": 1, "id": None, "age": 0, "cells": 3000}


def test_what_is_brought_back_is_what_the_network_reads():
    memory = filled()
    pictures = torch.rand(1, 3, 8, 8)
    shapes, grids, seen = recollect(memory, torch.tensor([4.0, 3.0]), 2, pictures)
    assert [(one.slot, one.similarity) for one in shapes] == [(0, 0.8), (1, 0.6)]
    assert torch.equal(grids, torch.stack([slab(10), slab(3000)]))
    assert seen is pictures
    assert len(recollect(memory, torch.tensor([4.0, 3.0]), 1, pictures).shapes) == 1
    nothing = recollect(
        memory, torch.tensor([-1.0, 0.4]), 2, pictures
    )  # .93 from one, below beta from the other
    assert (nothing.shapes, len(nothing.grids)) == ([], 0)


def test_shapes_are_put_into_empty_slots_then_into_those_of_the_oldest():
    memory = filled()
    new = torch.tensor([[1.0, 0.01], [0.0, -2.0]])
    placed = place(memory, new, torch.stack([slab(10), slab(20)]), ["<b>", "a"])
    assert placed.added == [Remembered(2, "<b>", 1, 10), Remembered(0, "a", 0, 20)]
    assert placed.replaced == [Remembered(0, "a", 1, 10)]
    assert memory.keys[0].tolist() == [0, -1]
    assert held(memory)[1] == Remembered(1, None, 2, 3000)
    assert memory.ids == ("a", "<b>")


def test_more_shapes_than_slots_are_refused_before_anything_changes():
    memory = filled()
    before = [buffer.clone() for buffer in memory.buffers()]
    with pytest.raises(ValueError, match="4 shapes do not fit into 3 slots"):
        place(memory, torch.rand(4, 2), torch.stack([slab(5)] * 4), list("bcde"))
    assert all(torch.equal(a, b) for a, b in zip(before, memory.buffers(), strict=True))
    assert memory.ids == ("a",)


def test_what_is_forgotten_leaves_an_empty_slot():
    memory, fresh = filled(), ShapeMemory(3, 2, SIDE)
    forget(memory, [0])
    assert held(memory) == [Remembered(1, None, 0, 3000)]
    assert memory.shapes[0] == EMPTY
    assert recollect(memory, torch.tensor([1.0, 0.0]), 3, torch.rand(1, 3, 8, 8)).shapes == []
    forget(memory, [1])
    assert all(torch.equal(a, b) for a, b in zip(fresh.buffers(), memory.buffers(), strict=True))
