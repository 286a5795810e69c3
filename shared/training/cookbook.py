"""The recipes: how the lectures' networks, and this course's own, are trained.

Numbers of papers are the papers'; a comment says where a paper is silent, or where the
lectures say something else. Own recipes were measured: benchmarks/results/training*.
"""

from __future__ import annotations

from typing import Any

from shared.training.crops import FlipCrop
from shared.training.recipe_type import Recipe
from shared.training.schedules import Exponential, OneCycle, Plateau, Steps

MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}
CIFAR_CROPS = FlipCrop(padding=4)

# The lecture's task (L92) gives the network, the loss, three optimizers and 10 epochs.
TASK: dict[str, Any] = {
    "batch_size": 128,
    "epochs": 10,
    "model": "mnist_task",
    "dataset": "mnist",
    "model_options": {"classifier_activation": "softmax"},
}

OWN = (
    Recipe(
        "lenet5",
        "LeNet-5 on MNIST to 99.0 % in a minute or two (this course's own)",
        options=NESTEROV,
        learning_rate=0.05,
        schedule=OneCycle(),
        batch_size=64,
        epochs=12,
        weight_decay=1e-4,
        model="lenet5",
        dataset="mnist",
    ),
    Recipe(
        "mnist_bn",
        "a small net with batch normalisation on MNIST to 99.4 % (own)",
        options=NESTEROV,
        learning_rate=0.1,
        schedule=OneCycle(),
        batch_size=128,
        epochs=12,
        weight_decay=5e-4,
        label_smoothing=0.1,
        augment=FlipCrop(padding=2, flip=False),
        model="mnist_cnn",
        dataset="mnist",
    ),
    Recipe(
        "cifar10",
        "a narrow ResNet-9 on CIFAR-10 to 85 % on two CPU cores (own)",
        options=NESTEROV,
        learning_rate=0.1,
        schedule=OneCycle(peak=0.25),
        batch_size=128,
        epochs=10,
        weight_decay=5e-4,
        label_smoothing=0.1,
        augment=CIFAR_CROPS,
        model="resnet9_narrow",
        dataset="cifar10",
    ),
)

MNIST_TASK = (
    Recipe(
        "mnist_task_adam",
        "the MNIST task with Adam (L92)",
        optimizer="adam",
        learning_rate=0.001,
        **TASK,
    ),
    Recipe(
        "mnist_task_adadelta",
        "the MNIST task with Adadelta (L92; rate 1.0 of arXiv:1212.5701)",
        optimizer="adadelta",
        # Keras's default of 0.001 barely learns in ten epochs.
        learning_rate=1.0,
        **TASK,
    ),
    Recipe(
        "mnist_task_sgd",
        "the MNIST task with plain gradient descent (L92)",
        learning_rate=0.01,
        **TASK,
    ),
)

PAPERS = (
    Recipe(
        "alexnet",
        "AlexNet on ImageNet (L57; Krizhevsky et al. 2012, section 5)",
        options=MOMENTUM,
        learning_rate=0.01,
        schedule=Plateau(),
        batch_size=128,
        epochs=90,
        weight_decay=5e-4,
        centred=True,
        augment=FlipCrop(padding=0),
        model="alexnet",
    ),
    Recipe(
        "vgg",
        "VGG on ImageNet (L63; arXiv:1409.1556, section 3.1)",
        options=MOMENTUM,
        learning_rate=0.01,
        schedule=Plateau(),
        batch_size=256,
        epochs=74,
        weight_decay=5e-4,
        centred=True,
        augment=FlipCrop(padding=0),
        model="vgg16",
    ),
    Recipe(
        "googlenet",
        "GoogLeNet with its auxiliary heads on ImageNet (L69; arXiv:1409.4842)",
        options=MOMENTUM,
        # The paper gives neither the first rate nor the batch nor a number of epochs.
        learning_rate=0.01,
        schedule=Exponential(0.96, 8),
        batch_size=256,
        epochs=90,
        auxiliary_weight=0.3,
        centred=True,
        augment=FlipCrop(padding=0),
        model="googlenet_aux",
    ),
    Recipe(
        "resnet",
        "ResNet on ImageNet (L74; arXiv:1512.03385, section 3.4)",
        options=MOMENTUM,
        learning_rate=0.1,
        schedule=Plateau(),
        batch_size=256,
        # 600,000 steps of 256 images. A lecture has a decay of 1e-5, the paper 1e-4.
        epochs=120,
        weight_decay=1e-4,
        centred=True,
        augment=FlipCrop(padding=0),
        model="resnet50",
    ),
    Recipe(
        "resnet_cifar",
        "ResNet on CIFAR-10 (L70, L74; arXiv:1512.03385, section 4.2)",
        options=MOMENTUM,
        learning_rate=0.1,
        # Divided after 32,000 and 48,000 of 64,000 steps.
        schedule=Steps((0.5, 0.75)),
        batch_size=128,
        epochs=164,
        weight_decay=1e-4,
        augment=CIFAR_CROPS,
        model="resnet20_cifar",
        dataset="cifar10",
    ),
    Recipe(
        "inception_v3",
        "Inception v3 on ImageNet (L78; arXiv:1512.00567, sections 7 and 8)",
        optimizer="rmsprop",
        options={"rho": 0.9, "epsilon": 1.0},
        learning_rate=0.045,
        schedule=Exponential(0.94, 2),
        # 50 replicas of 32 images.
        batch_size=1600,
        epochs=100,
        clip_norm=2.0,
        label_smoothing=0.1,
        # Not in the paper: GoogLeNet's.
        auxiliary_weight=0.3,
        centred=True,
        augment=FlipCrop(padding=0),
        model="inception_v3_aux",
    ),
    Recipe(
        "wrn",
        "wide ResNet on CIFAR-10 (arXiv:1605.07146, section 3)",
        options=NESTEROV,
        learning_rate=0.1,
        schedule=Steps((60, 120, 160), 0.2),
        batch_size=128,
        epochs=200,
        weight_decay=5e-4,
        augment=FlipCrop(padding=4, reflect=True),
        model="wrn_28_10",
        dataset="cifar10",
    ),
    Recipe(
        "densenet",
        "DenseNet on CIFAR-10 (arXiv:1608.06993, section 4.2)",
        options=NESTEROV,
        learning_rate=0.1,
        schedule=Steps((0.5, 0.75)),
        batch_size=64,
        epochs=300,
        weight_decay=1e-4,
        augment=CIFAR_CROPS,
        model="densenet_bc_100_12",
        dataset="cifar10",
    ),
)

RECIPES = {entry.name: entry for entry in (*OWN, *MNIST_TASK, *PAPERS)}

# Recipes that one word starts together.
GROUPS = {"mnist_task": tuple(entry.name for entry in MNIST_TASK)}
