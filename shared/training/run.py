"""One run: where it stands, and how it goes from step to step and epoch to epoch."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from shared.training.batches import Plan, batches, whole_batches
from shared.training.checkpoints import Checkpoints
from shared.training.diagnosis import first_nonfinite
from shared.training.errors import NonFiniteLossError
from shared.training.evaluation import Evaluator
from shared.training.examples import Examples
from shared.training.hooks import Hooks
from shared.training.interrupts import Interrupts
from shared.training.logs import Bar, Logs
from shared.training.optimizers import optimizer as make_optimizer
from shared.training.pace import Pace
from shared.training.recipe_type import Recipe
from shared.training.schedules import Plateau
from shared.training.state import Progress, Row
from shared.training.steps import advancer, training_step


@dataclass(frozen=True)
class Options:
    """What a run does besides training.

    Attributes:
        checkpoint_dir: folder to save in and to go on from, or None.
        checkpoint_every: steps between checkpoints within an epoch, or None.
        log_dir: folder of `history.csv`, or None.
        tensorboard: write TensorBoard's events there too.
        progress: show a bar.
        early_stop: epochs without a lower error after which to stop, or None.
        jit_compile: compile each step with XLA.
    """

    checkpoint_dir: Any = None
    checkpoint_every: int | None = None
    log_dir: Any = None
    tensorboard: bool = False
    progress: bool = True
    early_stop: int | None = None
    jit_compile: bool = False


@dataclass
class Run:
    """A run of `recipe` on `source`; everything is made when the object is.

    Attributes:
        model: in the strategy's scope.
        source: what to train on.
        recipe: how.
        strategy: where.
        seed: of order and augmentation.
        evaluator: for validation, or None.
        options: what else to do.
    """

    model: keras.Model
    source: Examples
    recipe: Recipe
    strategy: tf.distribute.Strategy
    seed: int
    evaluator: Evaluator | None
    options: Options
    state: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        self.epoch_steps = self.source.steps(self.recipe.batch_size)
        self.plan = Plan(self.recipe.batch_size, self.seed, True, self.recipe.augment)
        with self.strategy.scope():
            self.optimizer, self.schedule = make_optimizer(
                self.recipe, self.model, self.epoch_steps
            )
            step = training_step(
                self.model,
                self.optimizer,
                self.recipe,
                self.strategy.num_replicas_in_sync,
                self.options.jit_compile,
            )
        self.advance = advancer(self.strategy, step)
        self.pace = Pace()
        resolver = self.strategy.cluster_resolver
        self.workers = 1 if resolver is None else _workers(resolver)
        self.chief = self.workers == 1 or resolver.task_id == 0
        folder = self.options.log_dir if self.chief else None
        self.logs = Logs(folder, self.options.tensorboard) if folder else None
        self.bar = Bar(
            self.options.progress and self.chief, self.recipe.epochs, self.epoch_steps
        )
        self.checkpoints: Checkpoints | None = None

    def resume(self, identity: Mapping[str, str]) -> None:
        """Go on from the newest checkpoint, if the options name a folder with one."""
        if self.options.checkpoint_dir is None:
            return
        parts = {
            "model": [v.value for v in self.model.variables],
            "optimizer": [v.value for v in self.optimizer.variables],
        }
        if self.schedule.factor is not None:
            parts["plateau"] = [self.schedule.factor]
        self.state.identity = dict(identity)
        self.checkpoints = Checkpoints(
            self.options.checkpoint_dir, parts, self.state, self.chief
        )
        self.checkpoints.restore()

    def go(self, hooks: Hooks) -> None:
        """Train to the end, or until something stops it.

        Raises:
            NonFiniteLossError: the loss is infinite or not a number.
            KeyboardInterrupt: ctrl-C, once the state is saved.
        """
        if self._finished():
            return
        plan = dataclasses.replace(self.plan, first_step=self.state.step)
        iterator = iter(batches(self.source, plan, self.strategy))
        hooks.train_begin()
        with Interrupts() as interrupts:
            while not (self._finished() or hooks.stop):
                hooks.epoch_begin(len(self.state.history))
                self._epoch(iterator, interrupts)
                row = self._close_epoch()
                if self.checkpoints is not None:
                    self.checkpoints.save()
                hooks.epoch_end(row)
                self._heed(interrupts, saved=True)
        hooks.train_end()

    def _finished(self) -> bool:
        patience = self.options.early_stop
        return len(self.state.history) >= self.recipe.epochs or (
            patience is not None and self.state.stale >= patience
        )

    def _epoch(self, iterator: Any, interrupts: Interrupts) -> None:
        state, every = self.state, self.options.checkpoint_every
        epoch = len(state.history)
        first, end = epoch * self.epoch_steps, (epoch + 1) * self.epoch_steps
        while state.step < end:
            count = min(self.pace.steps, end - state.step)
            if every is not None:
                count = min(count, every - state.step % every)
            began = time.perf_counter()
            made, totals = self.advance(iterator, tf.constant(count, tf.int64))
            row = totals.numpy().tolist()
            seconds = time.perf_counter() - began
            state.step += int(made)
            state.seconds += seconds
            state.totals = [a + b for a, b in zip(state.totals, row, strict=True)]
            self.pace.learn(int(made), seconds)
            if state.totals[3]:
                self._explain()
            self.bar.update(
                epoch + 1, state.step - first, state.totals[0] / state.totals[2]
            )
            if state.step < end:
                due = every is not None and state.step % every == 0
                if due and self.checkpoints is not None:
                    self.checkpoints.save()
                self._heed(interrupts, saved=due)

    def _close_epoch(self) -> Row:
        """Validate, and make the running epoch the history's last row."""
        state = self.state
        loss, correct, count, _ = state.totals
        row: Row = {
            "epoch": len(state.history) + 1,
            "loss": loss / count,
            "accuracy": correct / count,
        }
        began = time.perf_counter()
        if self.evaluator is not None:
            row["val_loss"], row["val_accuracy"] = self.evaluator()
        row["learning_rate"] = float(self.schedule(state.step - 1))
        row["seconds"] = state.seconds + time.perf_counter() - began
        state.history.append(row)
        state.totals, state.seconds = [0.0] * 4, 0.0
        self._judge(row)
        self.bar.finish(row)
        if self.logs is not None:
            self.logs.write(state.history)
        return row

    def _judge(self, row: Row) -> None:
        """Count epochs without improvement, for early stopping and for a plateau."""
        state, schedule = self.state, self.recipe.schedule
        error = row.get("val_loss", row["loss"])
        better = state.best is None or error < state.best
        state.best = error if better else state.best
        state.stale = 0 if better else state.stale + 1
        if not isinstance(schedule, Plateau):
            return
        error = 1 - row.get("val_accuracy", row["accuracy"])
        best = state.plateau_best
        if best is None or error < best - schedule.threshold:
            state.plateau_best, state.plateau_stale = error, 0
            return
        state.plateau_stale += 1
        if state.plateau_stale >= schedule.patience:
            state.plateau_stale = 0
            self.schedule.lower(schedule)

    def _heed(self, interrupts: Interrupts, saved: bool) -> None:
        """Stop if a signal came, with everything saved."""
        if interrupts.caught is None:
            return
        self.bar.close()
        text = f"stopped at step {self.state.step}"
        # Saving is a collective; the other workers know nothing of the signal.
        if self.checkpoints is not None and self.workers == 1:
            if saved or self.checkpoints.save():
                text += f", saved in {self.checkpoints.folder}"
            text += "; the same call goes on from there"
        interrupts.stop(text)

    def _explain(self) -> None:
        """Raise the error that names the step and the layer."""
        self.bar.close()
        state = self.state
        plan = dataclasses.replace(self.plan, first_step=state.step - 1)
        images, labels, _ = next(iter(whole_batches(self.source, plan)))
        model = self.model
        if self.strategy.num_replicas_in_sync > 1:
            model = keras.models.clone_model(model)
            model.set_weights(self.model.get_weights())
        layer, finding = first_nonfinite(model, images, labels, self.recipe.centred)
        rate = float(self.schedule(state.step - 1))
        raise NonFiniteLossError(
            f"no finite loss and gradient at step {state.step} (epoch "
            f"{len(state.history) + 1}): {finding}; the learning rate is {rate:g}, "
            "try a tenth of it or a warm-up",
            step=state.step,
            layer=layer,
        )


def _workers(resolver: Any) -> int:
    jobs = resolver.cluster_spec().as_dict()
    return sum(len(jobs.get(name, ())) for name in ("chief", "worker")) or 1
