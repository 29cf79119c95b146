"""`SkipRule`: which steps of a training are not taken."""

import torch
from torch import Tensor, nn

_LIMIT, _DECAY = 50.0, 0.9  # a loss of so many means is skipped; share of the mean that stays
_LONGEST = 100  # steps in a row that may be skipped


class SkipRule(nn.Module):
    """Which steps are not taken: those whose loss is not finite or of more than 50 running means of losses.

    The mean starts at the first loss and is updated behind the comparison, m <- .9 m + .1 loss.

    Args:
        original: as the released code: NaN enters the mean, and from then on only infinity and NaN are skipped.

    Attributes:
        mean: of losses that were taken; 0 before the first.
        began: 1 behind the first loss, else 0.
        blind: 1 where the mean has become NaN, else 0.
        skipped: how many steps were.
        in_row: of these, how many without one that was taken behind them.
    """

    mean: Tensor
    began: Tensor
    blind: Tensor
    skipped: Tensor
    in_row: Tensor

    def __init__(self, original: bool = False) -> None:
        super().__init__()
        self.original = original
        for name in ("mean", "began", "blind", "skipped", "in_row"):
            self.register_buffer(name, torch.zeros((), dtype=torch.float64))

    def skips(self, loss: float) -> bool:
        """Judge a loss, and take it into the mean where it belongs there."""
        finite = abs(loss) != float("inf") and loss == loss
        limit = float("inf") if not self.began or self.blind else _LIMIT * float(self.mean)
        skip = not finite or loss > limit
        self._remember(loss, finite, skip)
        self.skipped += skip
        self.in_row.copy_(self.in_row + 1 if skip else torch.zeros_like(self.in_row))
        return skip

    def _remember(self, loss: float, finite: bool, skip: bool) -> None:
        if self.original and loss != loss:
            self.began.fill_(1)
            self.blind.fill_(1)
        elif finite and not skip and not self.blind:
            self.mean.copy_(_DECAY * self.mean + (1 - _DECAY) * loss if self.began else torch.as_tensor(loss))
            self.began.fill_(1)

    @property
    def lost(self) -> bool:
        """Whether so many steps in a row were skipped that the training has failed."""
        return bool(self.in_row > _LONGEST)
