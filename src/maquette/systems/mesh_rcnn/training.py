"""`MeshRCNNTraining`: what Mesh R-CNN is trained by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from ...data.batch import Batch, known
from ...loss.soft_dice import soft_dice
from ...metrics.measure import Measure
from ...metrics.placing import point_scores
from ...nn.backbones.backbone import start_backbone
from ...nn.dynamic import Gate, budget_loss, set_gumbel
from ...nn.dynamic.mask_unit import noise_is_on
from ...ops import sample_points_from_meshes
from ...renderer.views import cameras_from_r2n2, render_views
from ...structures import Meshes
from ...training.module import TrainingModule, Update
from ..weights_file import write_weights
from .about import ABOUT
from .cubes import cubes_of
from .loss import mesh_loss, voxel_loss
from .network import MeshRCNN, Seen
from .recipes import MeshRCNNConfig
from .skip import SkipRule
from .targets import NEEDS, Targets, targets_of

F1 = Measure("f1", "F1", "F1 at the distance of the protocol p2m")
_NEAR = 0.01 / 0.57  # tau of that protocol, in units of the object frame
_JUDGED = 2_000  # points
_SHEET = 96  # pixels a side
_TEMPERATURE = 1.0  # of masks that are drawn


class MeshRCNNTraining(TrainingModule):
    """The network with its loss, a picture a sample.

    Args:
        config: a recipe's. The first weights follow from its seed, or are a backbone's of ImageNet.
    """

    goal = F1
    needs = NEEDS
    side = 64

    def __init__(self, config: MeshRCNNConfig) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.training.seed)
            network = MeshRCNN(config.network)
        # Dynamic blocks keep their weights channels-last, to skip positions; training goes by layers.
        network.to(memory_format=torch.contiguous_format)
        start_backbone(network.backbone, config.first_weights)
        super().__init__(network, config.training)
        self.config = config
        self.rule = SkipRule(config.loss.skip == "original")

    def step(self, batch: Batch, update: Update) -> Mapping[str, Float[Tensor, ""]]:
        """Mean loss and its terms, and how many of the steps were skipped, of how many objects no cell was solid."""
        set_gumbel(self.network, _TEMPERATURE, noise_is_on(self.share_done))
        targets = self._targets(batch, self.config.loss.points)
        first = self.step_count < self.config.loss.voxel_steps and self.config.network.has_voxels
        network = self.network
        assert isinstance(network, MeshRCNN)
        seen = network.see(targets.images)
        made = (
            None if first or not network.config.has_mesh else self._meshes(network, seen, len(targets.images))
        )
        loss, terms = self._loss(network, seen, made, targets)
        skip = _anywhere(self.rule.skips(float(loss.detach())), loss.device)
        told = {name: term.detach() for name, term in terms.items() if bool(term.isfinite())}
        told["skipped"] = loss.new_tensor(float(skip))
        if not skip:
            update("network", loss)
            return {"loss": loss.detach(), **told}
        if self.rule.original:
            update("network", torch.stack([p.sum() for p in self.network.parameters()]).sum() * 0)
        return {"loss": loss.detach(), **told} if self.rule.lost else told

    @torch.no_grad()
    def judge(self, network: nn.Module, batch: Batch) -> Mapping[str, Float[Tensor, " sample"]]:
        """The batch's mean loss, for each of its objects; each one's F1 at tau, and chamfer distance."""
        targets = self._targets(batch, _JUDGED)
        assert isinstance(network, MeshRCNN)
        seen, views = network.see(targets.images), batch.images.shape[1]
        made = self._meshes(network, seen, len(targets.images))
        loss, _ = self._loss(network, seen, made if network.config.has_mesh else None, targets)
        points = sample_points_from_meshes(made.behind[-1], _JUDGED)
        assert isinstance(points, Tensor)
        scores = [
            point_scores(ours, theirs, (_NEAR,))
            for ours, theirs in zip(points[::views], targets.surface.points[::views], strict=True)
        ]
        f1 = loss.new_tensor([f for _, (f,) in scores])
        return {
            "loss": loss.expand(len(f1)),
            "f1": f1,
            "chamfer": loss.new_tensor([far for far, _ in scores]),
        }

    @torch.no_grad()
    def show(self, network: nn.Module, batch: Batch) -> Float[Tensor, "3 height width"]:
        """A row an object: its first picture, what was made of it, and the truth."""
        targets = self._targets(batch, 1)
        assert isinstance(network, MeshRCNN)
        made = self._meshes(network, network.see(targets.images), len(targets.images)).behind[-1]
        truth = known(batch.truth.meshes)
        views = batch.images.shape[1]
        rows = []
        for i in range(len(batch)):
            azimuth, elevation, ratio = batch.cameras[i, :1].cpu().unbind(1)
            camera = cameras_from_r2n2(azimuth, elevation, ratio)
            ours = made[i * views]
            verts = targets.view.to_object(ours.verts_padded().expand(len(targets.images), -1, -1))[i * views]
            drawn = [
                render_views(mesh.cpu(), camera, _SHEET).images[0]
                for mesh in (Meshes([verts], ours.faces_list()), truth[i])
            ]
            picture = nn.functional.interpolate(
                batch.images[i, :1].cpu().float(), (_SHEET, _SHEET), mode="area"
            )
            rows.append(torch.cat([picture[0], *drawn], dim=2))
        return torch.cat(rows, dim=1).clamp(0, 1)

    def _targets(self, batch: Batch, points: int) -> Targets:
        network = self.config.network
        return targets_of(batch, network.voxels, points, network.z_range)

    def _loss(
        self, network: MeshRCNN, seen: Seen, made: "_Made | None", targets: Targets
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The weighted sum of the terms, and each of them; without meshes those of voxels and budget alone."""
        config = self.config.loss
        terms: dict[str, Tensor] = {}
        total = targets.images.new_zeros(())
        if seen.gates:
            terms |= self._budget(seen.gates)
            total = total + config.budget * terms["budget"]
        if seen.logits is not None:
            terms["voxel"] = voxel_loss(seen.logits, targets.solid)
            total = total + config.voxel * terms["voxel"]
            if config.dice:
                terms["dice"] = soft_dice(seen.logits, targets.solid)
                total = total + config.dice * terms["dice"]
        if made is None:
            return total + _nothing(network), terms
        loss, found = mesh_loss(made.behind[1:], targets.surface, config)
        return total + loss, {**terms, **found, "empty": made.empty}

    def _budget(self, gates: list[Gate]) -> Mapping[str, Tensor]:
        """What is lost on the blocks' budget, and the share of their positions that is active."""
        active = torch.stack([gate.share.detach() for gate in gates]).mean()
        return {"budget": budget_loss(gates, self.config.loss.target, self.share_done), "active": active}

    def _meshes(self, network: MeshRCNN, seen: Seen, count: int) -> "_Made":
        if seen.logits is None:
            start, empty = network.spheres(count, seen.maps[0].device), seen.maps[0].new_zeros(())
        else:
            config = network.config
            cubes = cubes_of(seen.logits, self.config.loss.threshold, config.original, config.z_range)
            start, empty = cubes.meshes, cubes.empty.float().mean()
        return _Made([start, *network.refine(seen.maps, start)], empty)

    def save_weights(self, path: str | PathLike[str], network: nn.Module, about: Mapping[str, Any]) -> None:
        """Write the weights file that `MeshRCNNSystem.load` reads (`TrainingModule.save_weights`)."""
        kept = MeshRCNN(self.config.network)
        kept.load_state_dict({name: tensor.cpu() for name, tensor in network.state_dict().items()})
        training = {**about, **asdict(self.config.training), "loss": asdict(self.config.loss)}
        config, views = self.config.network, self.config.views
        threshold = self.config.loss.threshold
        write_weights(path, ABOUT.name, kept, config, views, threshold, training, "float32")


@dataclass(frozen=True)
class _Made:
    """What is refined and what it is behind each stage, in camera space; the share of it without a solid cell."""

    behind: list[Meshes]
    empty: Float[Tensor, ""]


def _nothing(network: nn.Module) -> Tensor:
    """0, of which every parameter is a part: optimisers of several processes expect each to have a gradient."""
    first = [p.flatten()[0] for p in network.parameters() if p.requires_grad]
    return (
        torch.stack(first).sum() * 0 if first else torch.zeros((), device=next(network.parameters()).device)
    )


def _anywhere(flag: bool, device: torch.device) -> bool:
    """Whether it is set in any of the processes, which take or leave a step together."""
    if not dist.is_available() or not dist.is_initialized():
        return flag
    told = torch.tensor(float(flag), device=device)
    dist.all_reduce(told, dist.ReduceOp.MAX)
    return bool(told > 0)
