"""The recipes: how the lectures' networks, and this course's own, are trained.

Numbers of papers are the papers'; `about` says where a lecture says something else.
"""

from __future__ import annotations

from shared.training.crops import FlipCrop
from shared.training.recipes import Recipe
from shared.training.schedules import OneCycle, Plateau

MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}
TASK = {
    "batch_size": 128,
    "epochs": 10,
    "model": "mnist_task",
    "dataset": "mnist",
    "model_options": {"classifier_activation": "softmax"},
}

RECIPES = {
    entry.name: entry
    for entry in (
        Recipe(
            "lenet5",
            "LeNet-5 on MNIST to 99.0 % in two minutes (this course's own)",
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
            "small net with batch normalisation on MNIST to 99.4 % (own)",
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
            "mnist_task_adam",
            "the MNIST task with Adam (L92)",
            optimizer="adam",
            learning_rate=1e-3,
            **TASK,
        ),
        Recipe(
            "mnist_task_adadelta",
            "the MNIST task with Adadelta at the paper's rate 1.0, not Keras's 0.001",
            optimizer="adadelta",
            learning_rate=1.0,
            **TASK,
        ),
        Recipe(
            "mnist_task_sgd",
            "the MNIST task with plain SGD (L92)",
            learning_rate=0.01,
            **TASK,
        ),
        Recipe(
            "alexnet",
            "AlexNet, ImageNet: /10 on plateau (L57; Krizhevsky et al. 2012)",
            options=MOMENTUM,
            learning_rate=0.01,
            schedule=Plateau(),
            batch_size=128,
            epochs=90,
            weight_decay=5e-4,
            centred=True,
            model="alexnet",
            dataset="",
        ),
    )
}
