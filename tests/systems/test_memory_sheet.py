"""Sheets of remembered shapes: tiles in rows, with words below each, whatever an id says."""

import pytest
import torch

from maquette.systems.memory_sheet import memory_sheet
from maquette.systems.remembered import Remembered

TILE, WORDS = 64, 32


def cube() -> torch.Tensor:
    grid = torch.zeros(1, 16, 16, 16, dtype=torch.bool)
    grid[:, 4:12, 4:12, 4:12] = True
    return grid


def shape(id=None, similarity=0.5) -> Remembered:
    return Remembered(0, id, 3, 512, similarity)


def test_shapes_stand_in_rows_behind_the_pictures():
    pictures = torch.zeros(1, 3, 8, 8)
    sheet = memory_sheet([shape()] * 5, cube().expand(5, -1, -1, -1), pictures, TILE)
    assert sheet.shape == (3, 2 * (TILE + WORDS), 5 * TILE)
    assert (sheet[:, :TILE, :TILE] == 0).all()
    assert (sheet[:, TILE + WORDS :, TILE:] == 1).all(), "the second row has one shape"
    drawn = sheet[:, :TILE, TILE : 2 * TILE]
    assert 0.1 < (drawn < 1).any(0).float().mean() < 0.9


def test_without_anything_it_is_white():
    assert (memory_sheet([], cube()[:0], tile=TILE) == 1).all()


@pytest.mark.parametrize("id", [None, "chair", "\x1b[2Jä<b>\n" * 40, "", "椅子", "\udcff"])
def test_every_id_is_written(id):
    sheet = memory_sheet([shape(id)], cube(), tile=TILE)
    assert sheet.shape == (3, TILE + WORDS, TILE)
    words = sheet[:, TILE + WORDS // 2 :]
    assert (words < 0.5).any() == (id != "")
