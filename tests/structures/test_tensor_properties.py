import numpy as np
import pytest
import torch

from maquette.renderer.utils import ndc_grid_sample, ndc_to_grid_sample_coords, parse_image_size
from maquette.structures.tensor_properties import (
    TensorProperties,
    convert_to_tensors_and_broadcast,
    format_tensor,
)


class Things(TensorProperties):
    def __init__(self, x=None, y=None, device="cpu"):
        super().__init__(device=device, x=x, y=y)


def test_arguments_become_a_batch():
    things = Things(x=3.0, y=np.ones((4, 2)))
    assert things.x.tolist() == [3, 3, 3, 3]
    assert things.y.dtype == torch.float32
    assert len(things) == 4
    assert not things.isempty()
    assert Things().isempty()
    with pytest.raises(ValueError, match="non-broadcastable"):
        Things(x=(1, 2), y=(1, 2, 3))
    with pytest.warns(UserWarning, match="not broadcastable"):
        Things(x={1: 2})


def test_one_of_the_batch_is_read_and_written():
    things = Things(x=torch.zeros(4, 3), y=torch.arange(4.0))
    things[1].x = (1.0, 2.0, 3.0)
    things[2:].y = 9.0
    assert things[1].x.tolist() == [1, 2, 3]
    assert things.y.tolist() == [0, 1, 9, 9]
    with pytest.raises(AttributeError, match="not found"):
        things[0].z
    with pytest.raises(ValueError, match="shape"):
        things[:2].x = torch.zeros(2, 4)
    with pytest.raises(ValueError, match="int or slice"):
        things[1.5]
    things.label = "a"
    with pytest.raises(AttributeError, match="tensors"):
        things[0].label = "b"


def test_copies_share_nothing_and_pass_gradients():
    source = torch.rand(2, 3, requires_grad=True)
    things = Things(x=source)
    copy = things.clone(Things())
    copy.x.sum().backward()
    assert torch.equal(source.grad, torch.ones(2, 3))
    assert copy.x.data_ptr() != things.x.data_ptr()
    assert things.to("cpu") is things


def test_rows_are_repeated():
    x = torch.rand(3, 2)
    things = Things(x=x, y=torch.rand(3))
    index = torch.tensor([2, 0, 0, 1])
    assert things.gather_props(index) is things
    assert torch.equal(things.x, x[index])
    assert things.y.shape == (4,)
    with pytest.raises(ValueError, match="more dimensions"):
        things.gather_props(torch.zeros(1, 1, 1, dtype=torch.int64))
    single = Things(x=((1.0, 2.0),)).gather_props(index)
    assert single.x.shape == (1, 2)


def test_numbers_become_tensors():
    assert format_tensor(3).shape == (1,)
    assert format_tensor(torch.tensor(3, dtype=torch.int64)).dtype == torch.int64
    a, b = convert_to_tensors_and_broadcast(1.0, torch.zeros(5, 2), dtype=torch.float64)
    assert a.shape == (5,)
    assert a.dtype == torch.float64
    assert b.shape == (5, 2)


@pytest.mark.parametrize(("height", "width"), [(6, 9), (9, 6), (5, 5)])
def test_samples_at_ndc(height, width):
    picture = torch.rand(2, 3, height, width)
    shorter = min(height, width)
    y = (height - 1 - 2 * torch.arange(height)) / shorter
    x = (width - 1 - 2 * torch.arange(width)) / shorter
    grid = torch.stack((x.expand(height, width), y[:, None].expand(height, width)), dim=-1)
    found = ndc_grid_sample(picture, grid.expand(2, -1, -1, -1))
    torch.testing.assert_close(found, picture)
    with pytest.raises(ValueError, match="batch size"):
        ndc_grid_sample(picture, grid[None])
    with pytest.raises(ValueError, match="4-dimensional"):
        ndc_grid_sample(picture[0, :2], grid.expand(2, -1, -1, -1))
    with pytest.raises(ValueError, match="last dimension"):
        ndc_grid_sample(picture, torch.rand(2, 4, 3))
    with pytest.raises(ValueError, match="positive"):
        ndc_to_grid_sample_coords(grid, (0, 3))


def test_image_sizes():
    assert parse_image_size(5) == (5, 5)
    assert parse_image_size([5, 6]) == (5, 6)
    for wrong in ((1, 2, 3), (0, 1), (1.5, 2)):
        with pytest.raises(ValueError, match="Image size"):
            parse_image_size(wrong)
