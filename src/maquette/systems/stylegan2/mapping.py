"""The mapping network: random numbers to styles, and what is done with styles."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .layers import Dense, normalised

W_DECAY = 0.995
_RATE = 0.01


class Mapping(nn.Module):
    """z, and a label where there are any, to w (Karras et al., CVPR 2019, section 2).

    Args:
        z_dim: random numbers; 0 where only the label counts.
        labels: classes; 0 for none.
        w_dim: numbers of a style vector.
        layers: fully connected ones.
        tracked: whether the mean of w is kept.

    Attributes:
        w_avg: mean of w, which truncation goes towards; moved by `follow`.
    """

    w_avg: Tensor

    def __init__(self, z_dim: int, labels: int, w_dim: int, layers: int, tracked: bool = True) -> None:
        super().__init__()
        self.z_dim, self.labels, self.layers = z_dim, labels, layers
        if tracked:
            self.register_buffer("w_avg", torch.zeros(w_dim))
        if labels:
            self.embed = Dense(labels, w_dim)
        first = z_dim + (w_dim if labels else 0)
        for i in range(layers):
            self.add_module(f"fc{i}", Dense(w_dim if i else first, w_dim, _RATE, rectify=True))

    def forward(
        self, z: Float[Tensor, "batch z_dim"] | None, labels: Float[Tensor, "batch label"] | None = None
    ) -> Float[Tensor, "batch w_dim"]:
        """Styles.

        Args:
            z: from a normal distribution.
            labels: 1 for the class, else 0.

        Raises:
            ValueError: labels that are missing, or not wanted.
        """
        if (labels is None) == bool(self.labels):
            raise ValueError(
                f"the network has {self.labels} labels, {'none' if labels is None else 'some'} given"
            )
        parts = [] if z is None else [normalised(z)]
        if labels is not None:
            parts.append(normalised(self.embed(labels)))
        x = torch.cat(parts, 1)
        for i in range(self.layers):
            x = self.get_submodule(f"fc{i}")(x)
        return x

    @torch.no_grad()
    def follow(self, w: Float[Tensor, "batch w_dim"]) -> None:
        """Move the mean of w towards that of a batch: w_avg = 0.995 w_avg + 0.005 mean(w)."""
        self.w_avg.copy_(w.mean(0).lerp(self.w_avg, W_DECAY))


def truncated(
    styles: Float[Tensor, "batch style w_dim"],
    mean: Float[Tensor, " w_dim"],
    psi: float,
    cutoff: int | None = None,
) -> Float[Tensor, "batch style w_dim"]:
    """Styles nearer to the mean: mean + psi (w - mean) (Karras et al., CVPR 2019, appendix B).

    Args:
        styles: of pictures.
        mean: of all styles (`Mapping.w_avg`).
        psi: 1 leaves them, 0 gives the mean, a negative number the opposite.
        cutoff: how many of a picture's first styles are changed; all when not given.
    """
    if psi == 1:
        return styles
    nearer = mean.lerp(styles[:, :cutoff], psi)
    return nearer if cutoff is None else torch.cat([nearer, styles[:, cutoff:]], 1)


def mixed(
    rows: Float[Tensor, "batch style w_dim"],
    columns: Float[Tensor, "batch style w_dim"],
    layers: Sequence[int],
) -> Float[Tensor, "batch style w_dim"]:
    """Style mixing: styles of `rows`, of which the given layers' are those of `columns`.

    Args:
        rows: styles.
        columns: styles.
        layers: numbers from 0, coarse first.
    """
    made = rows.clone()
    made[:, list(layers)] = columns[:, list(layers)]
    return made
