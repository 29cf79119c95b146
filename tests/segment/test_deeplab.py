"""DeepLab's masks: the class that is asked for, its probability where it is the likeliest."""

import pytest
import torch
from torch import nn

from maquette.segment.deeplab import KINDS, deeplab_mask

CAR, CHAIR = KINDS.index("car"), KINDS.index("chair")


class Fixed(nn.Module):
    """Logits that say: a car to the left, a chair in the right quarter, else background."""

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        logits = torch.zeros(1, len(KINDS), 16, 16)
        logits[:, 0] = 2
        logits[:, CAR, :, :8] = 5
        logits[:, CHAIR, :, 12:] = 5
        return {"out": logits}


def test_the_class_that_covers_most_or_the_named_one() -> None:
    image = torch.rand(3, 64, 64)
    found = deeplab_mask(image, network=Fixed())
    assert found.shape == (1, 64, 64)
    assert (found[:, :, :28] > 0.7).all()
    assert (found[:, :, 36:] == 0).all()
    inside = torch.zeros(len(KINDS))
    inside[0], inside[CAR] = 2, 5
    assert float(found[0, 0, 0]) == pytest.approx(float(inside.softmax(0)[CAR]), abs=1e-5)
    chair = deeplab_mask(image, "chair", Fixed())
    assert (chair[:, :, 54:] > 0.7).all()
    assert (chair[:, :, :44] == 0).all()


def test_what_is_not_there_and_what_is_not_known() -> None:
    assert deeplab_mask(torch.rand(3, 32, 32), "dog", Fixed()) is None
    with pytest.raises(ValueError, match="no kind 'fox'"):
        deeplab_mask(torch.rand(3, 32, 32), "fox", Fixed())
    with pytest.raises(ValueError, match="no kind"):
        deeplab_mask(torch.rand(3, 32, 32), KINDS[0], Fixed())
