"""Two of the course's networks in PyTorch, to be timed beside them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

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


def torch_contender(network: Any, epochs: int) -> Callable[[], float]:
    """Seconds of the fastest epoch of a plain PyTorch loop, channels last."""
    x, y = network.data()
    images = torch.from_numpy(x).permute(0, 3, 1, 2)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.from_numpy(y)
    model = TWINS[network.variant]().to(memory_format=torch.channels_last)
    expected = network.build().count_params()
    counted = sum(p.numel() for p in model.parameters())
    counted += sum(b.numel() for b in model.buffers() if b.dim())
    if counted != expected:
        raise AssertionError(f"{network.variant}: {counted} weights, not {expected}")
    optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> float:
        began = time.perf_counter()
        total = correct = 0.0
        order = torch.randperm(len(images))
        for start in range(0, len(images), network.batch_size):
            chosen = order[start : start + network.batch_size]
            inputs, targets = images[chosen].float() / 255, labels[chosen]
            optimizer.zero_grad()
            out = model(inputs)
            loss = loss_of(out, targets)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
            correct += (out.argmax(1) == targets).sum().item()
        return time.perf_counter() - began

    return lambda: min([epoch() for _ in range(epochs)][1:])
