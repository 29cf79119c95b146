"""The detector under Mesh R-CNN's heads: torchvision's, with a pyramid of maps, set up as the released code's."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from ....nn.backbones.backbone import STRIDES, Backbone
from .config import DetectConfig
from .heads import LEVELS

STEP = 32  # pixels that sides are filled up to a multiple of
_RATIOS = (0.5, 1.0, 2.0)
_ANCHOR_OVERLAPS, _BOX_OVERLAPS = (0.7, 0.5), (0.5, 0.5)
_SUPPRESSION = 0.7
_DELTAS = (10.0, 10.0, 5.0, 5.0)


class Pyramid(nn.Module):
    """A backbone's maps, summed from the coarsest to the finest, and one that is coarser still.

    Args:
        config: of the network.
    """

    def __init__(self, config: DetectConfig) -> None:
        super().__init__()
        self.body = Backbone(config.backbone, config.width, config.norm)
        channels = [self.body.channels[stride] for stride in STRIDES]
        self.fpn = FeaturePyramidNetwork(channels, config.channels, LastLevelMaxPool())
        if config.freeze:
            for name, parameter in self.body.body.named_parameters():
                parameter.requires_grad_(not name.startswith(("conv1.", "bn1.", "layer1.")))

    def forward(self, images: Float[Tensor, "image 3 h w"]) -> "OrderedDict[str, Tensor]":
        """Maps by level, "0" at stride 4 and "pool" at stride 64; sides must be multiples of 32."""
        found = self.body(images)
        maps: OrderedDict[str, Tensor] = self.fpn(
            OrderedDict((level, found[stride]) for level, stride in zip(LEVELS, STRIDES, strict=True))
        )
        return maps


class BoxPredictor(nn.Module):
    """Classes, and a box for each of them but the background, as the released code has them.

    Args:
        inputs: numbers of a box.
        classes: how many there are.
    """

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(inputs, 1 + classes)
        self.bbox_pred = nn.Linear(inputs, 4 * classes)
        for layer, deviation in ((self.cls_score, 0.01), (self.bbox_pred, 0.001)):
            nn.init.normal_(layer.weight, std=deviation)
            nn.init.zeros_(layer.bias)

    def forward(
        self, x: Float[Tensor, "box number"]
    ) -> tuple[Float[Tensor, "box c"], Float[Tensor, "box d"]]:
        """Logits with the background first, and deltas; those of the background are 0."""
        return self.cls_score(x), F.pad(self.bbox_pred(x), (4, 0))


class BandMatcher:
    """What each box shows: the object that it overlaps most, the background, or nothing that is learned.

    Like torchvision's, but that boxes which overlap objects by less than `ignore` are no background: something like
    them may be there that nobody marked.

    Args:
        high: overlap from which on a box shows its object.
        low: overlap below which it shows the background.
        ignore: overlap below which it shows nothing.
        best: whether the boxes that overlap an object most show it, however little that is.
    """

    BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS = -1, -2

    def __init__(self, high: float, low: float, ignore: float, best: bool) -> None:
        self.high, self.low, self.ignore, self.best = high, low, ignore, best

    def __call__(self, overlaps: Float[Tensor, "object box"]) -> Tensor:
        """Index of each box's object, or one of the two numbers that torchvision has."""
        highest, nearest = overlaps.max(0)
        found = torch.where(highest >= self.high, nearest, self.BETWEEN_THRESHOLDS)
        found[(highest < self.low) & (highest >= self.ignore)] = self.BELOW_LOW_THRESHOLD
        if self.best:
            most = overlaps.amax(1, keepdim=True)
            tops = ((overlaps == most) & (most > 0)).any(0)  # an object that no box meets is shown by none
            found[tops] = nearest[tops]
        return found


def proposal_network(config: DetectConfig) -> RegionProposalNetwork:
    """What proposes boxes."""
    anchors = AnchorGenerator(tuple((side,) for side in config.anchors), (_RATIOS,) * len(config.anchors))
    before_training, before, behind = config.proposals
    network = RegionProposalNetwork(
        anchors,
        RPNHead(config.channels, len(_RATIOS)),
        *_ANCHOR_OVERLAPS,
        batch_size_per_image=config.anchor_samples,
        positive_fraction=0.5,
        pre_nms_top_n={"training": before_training, "testing": before},
        post_nms_top_n={"training": behind, "testing": behind},
        nms_thresh=_SUPPRESSION,
    )
    network.proposal_matcher = BandMatcher(*_ANCHOR_OVERLAPS, config.ignore, best=True)
    return network


def box_heads(config: DetectConfig) -> RoIHeads:
    """What classifies and moves proposed boxes."""
    side = 7
    heads = RoIHeads(
        MultiScaleRoIAlign(list(LEVELS), side, 2),
        TwoMLPHead(config.channels * side**2, config.hidden),
        BoxPredictor(config.hidden, len(config.classes)),
        *_BOX_OVERLAPS,
        batch_size_per_image=config.samples,
        positive_fraction=0.25,
        bbox_reg_weights=_DELTAS,
        score_thresh=config.score,
        nms_thresh=config.overlap,
        detections_per_img=config.most,
    )
    heads.proposal_matcher = BandMatcher(*_BOX_OVERLAPS, config.ignore, best=False)
    return heads


def filled_up(
    images: Float[Tensor, "image 3 _h _w"], sizes: Sequence[tuple[int, int]], colour: Float[Tensor, "3 1 1"]
) -> Float[Tensor, "image 3 _hh _ww"]:
    """Pictures whose sides are multiples of 32: what they have to the right and below their own sizes is a colour."""
    height, width = (-(-side // STEP) * STEP for side in images.shape[2:])
    whole = colour.expand(len(images), 3, height, width).clone()
    for one, image, (rows, columns) in zip(whole, images, sizes, strict=True):
        one[:, :rows, :columns] = image[:, :rows, :columns]
    return whole
