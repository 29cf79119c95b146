"""`SupervisedTraining`: the network of depth alone, trained on the true depth; what others are measured against."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch, known
from ...training.module import Update
from .formation import bounded_depth
from .training import Unsup3DTraining


class SupervisedTraining(Unsup3DTraining):
    """The network of depth, whose map is that of the camera: the loss is the mean difference from the true depth.

    Wu et al., CVPR 2020, section 4.2, "supervised": an L1 loss; over the pixels whose depth is known.

    Args:
        config: of a network whose `parts` are "depth".
    """

    needs = frozenset({"depth"})

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """The loss."""
        loss = self._differences(self.network, batch).mean()
        update("network", loss)
        return {"loss": loss.detach()}

    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The loss of each object's first picture, and its scores (`Unsup3DTraining.judge`)."""
        scores = super().judge(network, batch)
        return {"loss": self._differences(network, batch, 1), "side": scores["side"], "mad": scores["mad"]}

    def _differences(
        self, network: nn.Module, batch: Batch, views: int | None = None
    ) -> Float[Tensor, " picture"]:
        """Mean |D - true| of each of the first pictures over the pixels that are known; 0 where none is."""
        true = known(batch.truth.depth)[:, :views].flatten(0, 2)
        raw = network(batch.images[:, :views].flatten(0, 1)).depth[:, 0]
        depth = bounded_depth(raw.float(), self.config.network.formation.depth)
        there = (true > 0).to(depth.dtype)
        return ((depth - true).abs() * there).sum((1, 2)) / there.sum((1, 2)).clamp(min=1)
