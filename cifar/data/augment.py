"""Augmentation of a whole epoch at once, on the device, in bytes.

Every draw comes from an explicit torch.Generator of the images' device. Gaussian noise is no part of this: it is
drawn for each batch in floating point (training/modes.py).   Source: Section 5.4 (random crop, flip, rotation).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

CROP_PADDING = 4  # pixels of black on each side
ROTATION = 15.0  # degrees either way; the paper prints no angle
CHUNK = 2**13  # images whose floating-point copies exist at a time


def cropped(pixels: Tensor, generator: torch.Generator, padding: int = CROP_PADDING) -> Tensor:
    """Each image moved by up to `padding` pixels in both directions, black outside.   (N, C, h, w) -> same"""
    n, channels, height, width = pixels.shape
    offsets = torch.randint(0, 2 * padding + 1, (2, n, 1), generator=generator, device=pixels.device)
    rows = offsets[0] + torch.arange(height, device=pixels.device)
    columns = offsets[1] + torch.arange(width, device=pixels.device)
    frame = functional.pad(pixels, (padding,) * 4)
    image = torch.arange(n, device=pixels.device)[:, None, None, None]
    colour = torch.arange(channels, device=pixels.device)[None, :, None, None]
    return frame[image, colour, rows[:, None, :, None], columns[:, None, None, :]]


def flipped(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored left to right with probability one half.   (N, C, h, w) -> same"""
    mirror = torch.rand(len(pixels), 1, 1, 1, generator=generator, device=pixels.device) < 0.5
    return torch.where(mirror, pixels.flip(-1), pixels)


def rotated(pixels: Tensor, generator: torch.Generator, degrees: float = ROTATION) -> Tensor:
    """Each image turned by up to `degrees` either way.   bytes (N, C, h, w) -> same"""
    share = torch.rand(len(pixels), generator=generator, device=pixels.device) * 2 - 1
    return turned(pixels, share * math.radians(degrees))


def turned(pixels: Tensor, angles: Tensor) -> Tensor:
    """Each image turned about its centre, bilinear, black outside.   bytes (N, C, h, w), radians (N,) -> bytes"""
    cosine, sine, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    turn = torch.stack([torch.stack([cosine, -sine, zero], -1), torch.stack([sine, cosine, zero], -1)], 1)
    out = torch.empty_like(pixels)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        grid = functional.affine_grid(turn[part], list(pixels[part].shape), align_corners=False)
        image = functional.grid_sample(pixels[part].float(), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        out[part] = image.round().clamp(0, 255).to(torch.uint8)
    return out


def epoch_images(pixels: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """The images of one epoch.   bytes (N, 3, h, w) -> bytes, same shape

    none, gaussian: as they are;  crop-flip: the teacher's;  standard: rotation, crop and flip.
    """
    if kind in ("none", "gaussian"):
        return pixels
    if kind == "standard":
        pixels = rotated(pixels, generator)
    return flipped(cropped(pixels, generator), generator)
