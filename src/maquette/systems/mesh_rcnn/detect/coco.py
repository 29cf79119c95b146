"""First weights: those of torchvision's Mask R-CNN that learned COCO, under this network's names."""

from collections.abc import Mapping

from torch import Tensor
from torchvision.models.detection import MaskRCNN_ResNet50_FPN_Weights

from ....nn.backbones.pretrained import downloaded

_PARTS = (
    ("backbone.body.", "pyramid.body.body."),
    ("backbone.fpn.", "pyramid.fpn."),
    ("rpn.", "rpn."),
    ("roi_heads.box_head.", "boxes.box_head."),
    ("roi_heads.mask_predictor.conv5_mask.", "heads.mask_head.deconv."),
)
_MASK = "roi_heads.mask_head."


def coco_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of torchvision's `maskrcnn_resnet50_fpn`, by the names that this network has for them.

    What is told for each of COCO's classes (the last layers of boxes and masks) is left out: classes are others here.

    Args:
        state: by torchvision's names.
    """
    found = {}
    for name, tensor in state.items():
        for theirs, ours in _PARTS:
            if name.startswith(theirs):
                found[ours + name.removeprefix(theirs)] = tensor
        if name.startswith(_MASK):  # 0.0.weight or, in older files, mask_fcn1.weight
            place, _, last = name.removeprefix(_MASK).rpartition(".")
            number = (
                int(place.removeprefix("mask_fcn")) - 1 if "fcn" in place else int(place.partition(".")[0])
            )
            found[f"heads.mask_head.convs.{number}.{last}"] = tensor
    return found


def torchvision_coco() -> dict[str, Tensor]:
    """The same, downloaded unless they lie in torch's cache.

    Raises:
        BadInput: they cannot be had.
    """
    return coco_weights(downloaded(MaskRCNN_ResNet50_FPN_Weights.COCO_V1))
