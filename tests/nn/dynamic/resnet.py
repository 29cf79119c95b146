"""Residual networks of dynamic blocks as dynconv has them, with its names of parameters."""

from torch import Tensor, nn
from torch.nn import functional as F

from maquette.nn.dynamic import DynamicBasicBlock, DynamicBlock, DynamicBottleneck, Gate


class ResNet(nn.Module):
    """Stem, stages of dynamic blocks, mean over the map, a linear layer.

    Args:
        blocks: of each stage; three stages are a network for CIFAR, four one for ImageNet.
        width: channels of the first stage.
        classes: going out.
        bottleneck: whether the blocks are bottlenecks.
    """

    def __init__(self, blocks: list[int], width: int, classes: int, bottleneck: bool = False) -> None:
        super().__init__()
        self.small = len(blocks) == 3
        self.conv1 = nn.Conv2d(3, width, *((3, 1, 1) if self.small else (7, 2, 3)), bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.stages, channels = len(blocks), width
        for i, count in enumerate(blocks):
            hidden, stage = width << i, []
            for j in range(count):
                stride = 2 if i and not j else 1
                out = 4 * hidden if bottleneck else hidden
                stage.append(
                    DynamicBottleneck(channels, hidden, stride, out_channels=out)
                    if bottleneck
                    else DynamicBasicBlock(channels, out, stride)
                )
                channels = out
            self.add_module(f"layer{i + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(channels, classes)

    def named_blocks(self) -> list[tuple[str, DynamicBlock]]:
        return [(name, module) for name, module in self.named_modules() if isinstance(module, DynamicBlock)]

    def forward(self, x: Tensor, gates: list[Gate] | None = None) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = x if self.small else F.max_pool2d(x, 3, 2, 1)
        for _, block in self.named_blocks():
            x = block(x, gates)
        return self.fc(x.mean((2, 3)))
