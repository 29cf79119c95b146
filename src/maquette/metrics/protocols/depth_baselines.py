"""What guesses would score under protocol `unsup3d`: one depth everywhere, the mean depth of training pictures."""

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Source, known
from ...data.readable import readable_batches

BASELINES = {
    "constant": "one depth everywhere",
    "mean": "the mean depth of the training pictures",
}
_PICTURES, _AT_ONCE = 1000, 32


def mean_depth(source: Source, size: int) -> Float[Tensor, "{size} {size}"] | None:
    """Mean true depth at every pixel over at most 1,000 training pictures that are spread over the list.

    Pixels at which none of them has a depth get the largest mean.

    Args:
        source: of the pictures; those that cannot be read are left out.
        size: pixels a side.

    Returns:
        None where there is no training picture with a depth.
    """
    places = [i for i, entry in enumerate(source.entries) if entry.split == "train"]
    step = max(1, -(-len(places) // _PICTURES))
    total, count = torch.zeros(2, size, size, dtype=torch.float64)
    for batch, _ in readable_batches(source, places[::step], 1, _AT_ONCE, "cpu", []):
        depth = known(batch.truth.depth)[:, 0, 0].double()
        total += depth.sum(0)
        count += (depth > 0).sum(0)
    if not count.any():
        return None
    mean: Tensor = total / count.clamp(min=1)
    filled: Tensor = mean.where(count > 0, mean.max())
    return filled.float()
