"""Masks by torchvision's DeepLabV3 (Chen et al., 2017), which knows the twenty kinds of objects of PASCAL VOC."""

from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models.segmentation import DeepLabV3_ResNet50_Weights, deeplabv3_resnet50

from ..io.errors import BadInput
from ..nn.backbones.backbone import MEAN, STD
from ..nn.backbones.pretrained import downloaded

_WEIGHTS = DeepLabV3_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1
KINDS: tuple[str, ...] = tuple(_WEIGHTS.meta["categories"])  # the background first
_SHORTER, _LONGEST = (
    520,
    1040,
)  # pixels of the shorter side, as its weights were learned; of the longer at most


@torch.no_grad()
def deeplab_mask(
    image: Float[Tensor, "3 height width"], kind: str | None = None, network: nn.Module | None = None
) -> Float[Tensor, "1 height width"] | None:
    """The pixels whose likeliest class is one, with its probability; 0 elsewhere.

    Args:
        image: RGB in [0, 1].
        kind: one of `KINDS`; that of most pixels when not given.
        network: gives logits of `KINDS` under "out"; that of torchvision with COCO's weights when not given.

    Returns:
        None where no pixel is of the kind, or all are background.

    Raises:
        BadInput: the weights cannot be had.
        ValueError: a kind that it does not know.
    """
    if kind is not None and kind not in KINDS[1:]:
        raise ValueError(f"no kind {kind!r}; known are {', '.join(KINDS[1:])}")
    size = (image.shape[1], image.shape[2])
    factor = min(_SHORTER / min(size), _LONGEST / max(size))
    seen = [max(1, round(side * factor)) for side in size]
    scaled = interpolate(image[None], seen, mode="bilinear", antialias=True)
    logits = (network or _network())(
        (scaled - image.new_tensor(MEAN).view(3, 1, 1)) / image.new_tensor(STD).view(3, 1, 1)
    )["out"]
    told = interpolate(logits, size, mode="bilinear", align_corners=False)[0].softmax(0)
    likeliest = told.argmax(0)
    pixels = torch.bincount(likeliest.flatten(), minlength=len(KINDS))
    chosen = int(pixels[1:].argmax()) + 1 if kind is None else KINDS.index(kind)
    if not int(pixels[chosen]):
        return None
    return (told[chosen] * (likeliest == chosen))[None]


@cache
def _network() -> nn.Module:
    network: nn.Module = deeplabv3_resnet50(
        weights=None, weights_backbone=None, num_classes=len(KINDS), aux_loss=True
    )
    weights = downloaded(_WEIGHTS, "; --by network needs none")
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise BadInput(_WEIGHTS.url, "are no weights of DeepLabV3 with ResNet-50") from error
    return network.eval()
