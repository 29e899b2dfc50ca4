"""The network: a residual U-Net that looks at blocks of 2 x 2 x 2 voxels (space to depth)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["BlockUNet"]

_SLOPE = 0.01
_SLOW_WHEN_ALONE = 20480  # values of a slice stack at or below which PyTorch leaves its fast path for a single image


class BlockUNet(nn.Module):
    """Residual U-Net on blocks of eight voxels: the first convolution already runs at half resolution.

    Parameters
    ----------
    n_classes
        Number of output classes, background included.
    channels
        Channels of each resolution, finest first.

    Examples
    --------
    >>> BlockUNet(3, (32, 64))(torch.zeros(1, 1, 16, 16, 16)).shape
    torch.Size([1, 3, 16, 16, 16])
    """

    def __init__(self, n_classes: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(ResidualBlock(i, o) for i, o in pairwise((8, *channels)))
        self.ups = nn.ModuleList(nn.ConvTranspose3d(i, o, 2, 2) for o, i in pairwise(channels))
        self.decoders = nn.ModuleList(ResidualBlock(2 * c, c) for c in channels[:-1])
        self.head = nn.Conv3d(channels[0], 8 * n_classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, a=_SLOPE)

    def forward(self, image: Tensor) -> Tensor:
        """Map an image (1, 1, k, j, i) in [-1, 1] to class logits (1, classes, k, j, i)."""
        value = _blocks_of_voxels(image)
        skips = []
        for level, encoder in enumerate(self.encoders):
            value = encoder(functional.max_pool3d(value, 2) if level else value)
            skips.append(value)
        for level in reversed(range(len(self.decoders))):
            value = self.decoders[level](torch.cat([skips[level], self.ups[level](value)], 1))
        return _voxels_of_blocks(self.head(value))


class ResidualBlock(nn.Module):
    """Two 3 x 3 x 3 convolutions with instance normalisation, added to what came in."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.first = _Convolution(n_in, n_out)
        self.first_norm = nn.InstanceNorm3d(n_out, affine=True)
        self.second = _Convolution(n_out, n_out)
        self.second_norm = nn.InstanceNorm3d(n_out, affine=True)
        self.shortcut = nn.Conv3d(n_in, n_out, 1, bias=False) if n_in != n_out else nn.Identity()

    def forward(self, value: Tensor) -> Tensor:
        """Return the features one step deeper, same shape."""
        inner = functional.leaky_relu(self.first_norm(self.first(value)), _SLOPE, True)
        inner = self.second_norm(self.second(inner))
        return functional.leaky_relu(inner + self.shortcut(value), _SLOPE, True)


class _Convolution(nn.Conv3d):
    """3 x 3 x 3 convolution of one small image at full speed.

    PyTorch computes small images on the CPU by a path four times slower, but only while they come alone: an empty
    companion costs less (a step of training went from 0.69 to 0.56 s, docs/decisions/0076).
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 3, padding=1, bias=False)

    def forward(self, value: Tensor) -> Tensor:
        n, channels, k, j, _ = value.shape
        if self.training and n == 1 and channels * k * j <= _SLOW_WHEN_ALONE:
            return super().forward(torch.cat([value, torch.zeros_like(value)]))[:1]
        return super().forward(value)


def _blocks_of_voxels(image: Tensor) -> Tensor:
    n, c, k, j, i = image.shape
    split = image.view(n, c, k // 2, 2, j // 2, 2, i // 2, 2)
    return split.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(n, c * 8, k // 2, j // 2, i // 2)


def _voxels_of_blocks(features: Tensor) -> Tensor:
    n, c, k, j, i = features.shape
    split = features.view(n, c // 8, 2, 2, 2, k, j, i)
    return split.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(n, c // 8, k * 2, j * 2, i * 2)
