"""Some of the course's networks in PyTorch, to be timed beside them.

    python benchmarks/training_torch.py lenet5 28x28x1 64 12800 3 61706

trains a network on so many images, in batches, for some epochs, and prints the seconds
of the fastest one but the first. The last number is the parameters it must have. A
process of its own: PyTorch and TensorFlow bring one LLVM each and do not share.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from torch import nn


def lenet5() -> nn.Module:
    """As `shared.models.build("lenet5")` on 28x28 images."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def mnist_cnn() -> nn.Module:
    """As `shared.models.build("mnist_cnn")`."""
    layers: list[nn.Module] = []
    for inputs, filters in ((1, 16), (16, 32)):
        layers += [
            nn.Conv2d(inputs, filters, 5, padding=2),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(7 * 7 * 32, 10))


class Residual(nn.Module):
    """What two convolutions make of the input, added to it."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*block(filters, filters), *block(filters, filters))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def block(inputs: int, filters: int) -> tuple[nn.Module, ...]:
    """Convolution, normalisation, ReLU."""
    return (
        nn.Conv2d(inputs, filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(),
    )


def resnet9_narrow(width: int = 24) -> nn.Module:
    """As `shared.models.build("resnet9_narrow")`, whose scaling costs nothing."""
    layers = list(block(3, width))
    for stage in (1, 2, 3):
        layers += [*block(width * 2 ** (stage - 1), width * 2**stage), nn.MaxPool2d(2)]
        if stage != 2:
            layers.append(Residual(width * 2**stage))
    return nn.Sequential(
        *layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10)
    )


TWINS = {"lenet5": lenet5, "mnist_cnn": mnist_cnn, "resnet9_narrow": resnet9_narrow}


def seconds(
    variant: str,
    shape: tuple[int, ...],
    batch_size: int,
    images: int,
    epochs: int,
    parameters: int,
) -> float:
    """The fastest epoch but the first of a plain PyTorch loop, channels last."""
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.integers(0, 256, (images, *shape), dtype=np.uint8))
    # This view of an NHWC array is PyTorch's channels_last.
    x = x.permute(0, 3, 1, 2)
    y = torch.from_numpy(rng.integers(0, 10, images))
    model = TWINS[variant]().to(memory_format=torch.channels_last)
    counted = sum(p.numel() for p in model.parameters())
    counted += sum(b.numel() for b in model.buffers() if b.dim())
    if counted != parameters:
        raise AssertionError(f"{variant}: {counted} weights, not {parameters}")
    optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> float:
        began = time.perf_counter()
        total = correct = 0.0
        order = torch.randperm(images)
        for start in range(0, images, batch_size):
            chosen = order[start : start + batch_size]
            inputs, targets = x[chosen].float() / 255, y[chosen]
            optimizer.zero_grad()
            out = model(inputs)
            loss = loss_of(out, targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
            correct += (out.argmax(1) == targets).sum().item()
        return time.perf_counter() - began

    return min([epoch() for _ in range(epochs)][1:])


if __name__ == "__main__":
    name, size, *counts = sys.argv[1:]
    shape = tuple(int(n) for n in size.split("x"))
    print(seconds(name, shape, *(int(n) for n in counts)))
