"""Gradients that have no gradient of their own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch


def differentiable_once(backward: Callable[..., Any]) -> Callable[..., Any]:
    """The backward pass of a `torch.autograd.Function` that knows first derivatives alone.

    It raises RuntimeError where a graph of the gradient is asked for (`create_graph=True`): a second derivative would
    leave out what goes through the operator. torch's `once_differentiable` notices only where the incoming gradient
    needs a gradient itself, which that of a sum does not.
    """

    @wraps(backward)
    def once(ctx: Any, *grads: Any) -> Any:
        if torch.is_grad_enabled():
            name = type(ctx).__name__.removesuffix("Backward").strip("_")
            raise RuntimeError(f"{name} is differentiable once: create_graph=True cannot go through it")
        return backward(ctx, *grads)

    return once
