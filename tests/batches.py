"""What tests ask of batches."""

import torch

from maquette.data.batch import Batch, Truth


def same(one: Batch, two: Batch) -> bool:
    """Whether two batches of tensors are the same to the bit, and know the same."""
    pairs = [(one.images, two.images), (one.index, two.index)]
    pairs += [(getattr(one.truth, name), getattr(two.truth, name)) for name in one.truth.known]
    return one.truth.known == two.truth.known and all(torch.equal(x, y) for x, y in pairs)


def rows_of(batch: Batch, rows: slice) -> Batch:
    """Some objects of a batch of tensors."""
    truth = {name: getattr(batch.truth, name)[rows] for name in batch.truth.known}
    return Batch(batch.images[rows], batch.index[rows], Truth(**truth))
