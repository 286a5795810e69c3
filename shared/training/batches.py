"""The input of a run: which image is in which batch follows from the seed alone.

Step `s` of a run always reads the same images, whatever was read before, on however
many replicas. So a run that was interrupted goes on with exactly the images it would
have seen, without storing any state of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from shared.training.examples import Examples

Augment = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

_FOREVER = tf.int64.max
# A stream that does not fit in memory is shuffled so many images at a time.
_SHUFFLE_WINDOW = 4096
_AHEAD = 2  # batches that are ready before a step asks for them


@dataclass(frozen=True)
class Plan:
    """How examples become batches.

    Attributes:
        batch_size: images per step, over all replicas.
        seed: of the order and of the augmentation.
        shuffle: a new order in each epoch; otherwise the given order.
        augment: `augment(images, seeds)` or None, which returns images of the same
            range; `seeds` are `(n, 2)` int32 random bits, one row per image, which do
            not depend on the number of replicas.
        first_step: where to begin, counted from 0 over all epochs.
    """

    batch_size: int
    seed: int = 0
    shuffle: bool = False
    augment: Augment | None = None
    first_step: int = 0


def batches(source: Examples, plan: Plan, strategy: tf.distribute.Strategy) -> Any:
    """An endless dataset of `(images, labels, weights)`, one element per replica.

    `weights` `(n,)` are 1 / (images in the whole step): summed over the replicas,
    weighted losses give the mean over the step, uneven last batches included. A
    replica for which nothing is left gets one image of weight 0.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return whole_batches(source, plan)

    def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local
        return _pipeline(source, plan, first, local, replicas)

    options = None
    if source.stream is None and isinstance(strategy, tf.distribute.MirroredStrategy):
        # A pipeline for each replica; a stream would be read by every one of them.
        # The usual one for all hands images on through iterators with a tuner.
        options = tf.distribute.InputOptions(
            experimental_fetch_to_device=False,
            experimental_replication_mode=tf.distribute.InputReplicationMode.PER_REPLICA,
        )
    return strategy.distribute_datasets_from_function(pipeline, options)


def whole_batches(source: Examples, plan: Plan) -> tf.data.Dataset:
    """What `batches` gives one device."""
    return _pipeline(source, plan, 0, 1, 1)


def _pipeline(
    source: Examples, plan: Plan, first: int, local: int, replicas: int
) -> tf.data.Dataset:
    """The elements of `local` replicas of all the `replicas`, from the `first` on."""
    make = _gathered if source.stream is None else _streamed
    dataset = make(source, plan, first, local, replicas)
    # Declared endless: otherwise every step asks all replicas whether any has data
    # left, which costs a collective.
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
    )
    options = tf.data.Options()
    # The tuner sleeps ever longer between its rounds, up to a minute, and whoever
    # gives up an iterator waits until it wakes. Without it AUTOTUNE is one call at a
    # time for each core.
    options.autotune.enabled = False
    return dataset.prefetch(_AHEAD).with_options(options)


def _share(count: tf.Tensor, replica: tf.Tensor, replicas: int) -> tuple:
    """A replica's part of a step's `count` images: start, stop, weights."""
    start = replica * count // replicas
    stop = (replica + 1) * count // replicas
    empty = start == stop
    start = tf.where(empty, tf.zeros_like(start), start)
    stop = tf.where(empty, tf.ones_like(stop), stop)
    weight = tf.where(empty, 0.0, 1.0 / tf.cast(count, tf.float32))
    return start, stop, tf.fill([stop - start], weight)


def _augmented(x: tf.Tensor, plan: Plan, step: Any, start: Any, stop: Any) -> Any:
    if plan.augment is None:
        return x
    seeds = tf.random.stateless_uniform(
        (plan.batch_size, 2),
        seed=tf.stack([tf.constant(plan.seed, tf.int64), step]),
        minval=None,
        maxval=None,
        dtype=tf.int32,
    )
    shape, kind = x.shape, x.dtype
    x = plan.augment(x, seeds[start:stop])
    if kind == tf.uint8 and x.dtype != kind:
        # Of uint8 the network sees a 255th; of anything else, what it is.
        x = tf.saturate_cast(tf.round(x), kind)
    x.set_shape([None, *(x.shape[1:] if x.shape.rank else shape[1:])])
    return x


def _order_seed(plan: Plan, epoch: tf.Tensor) -> tf.Tensor:
    """The seed of an epoch's order, `(2,)` int64.

    With few images, index_shuffle reads only the lowest 15 bits: the others are mixed
    into them, so that seeds beyond 32767 are not those from 0 on again.
    """
    seed = plan.seed ^ plan.seed >> 15 ^ plan.seed >> 30
    return tf.stack([tf.constant(seed, tf.int64), epoch])


def _gathered(
    source: Examples, plan: Plan, first: int, local: int, replicas: int
) -> tf.data.Dataset:
    size, steps = source.size, source.steps(plan.batch_size)

    def piece(counter: tf.Tensor) -> tuple:
        step, replica = counter // local, first + counter % local
        epoch, position = step // steps, step % steps * plan.batch_size
        count = tf.minimum(tf.cast(plan.batch_size, tf.int64), size - position)
        start, stop, weights = _share(count, replica, replicas)
        order = position + tf.range(start, stop)
        if plan.shuffle:
            order = tf.random.experimental.index_shuffle(
                order, seed=_order_seed(plan, epoch), max_index=size - 1
            )
        x = tf.gather(source.images, order)
        y = tf.gather(source.labels, order)
        return _augmented(x, plan, step, start, stop), y, weights

    counters = tf.data.Dataset.range(plan.first_step * local, _FOREVER)
    return counters.map(piece, num_parallel_calls=tf.data.AUTOTUNE)


def _streamed(
    source: Examples, plan: Plan, first: int, local: int, replicas: int
) -> tf.data.Dataset:
    steps = source.steps(plan.batch_size)

    def mixed(epoch: tf.Tensor, window: tf.Tensor, x: Any, y: Any) -> tuple:
        count = tf.shape(x, tf.int64)[0]
        order = tf.random.experimental.index_shuffle(
            tf.range(count),
            seed=tf.random.fold_in(_order_seed(plan, epoch), window),
            max_index=count - 1,
        )
        return tf.gather(x, order), tf.gather(y, order)

    def epoch(number: tf.Tensor) -> tf.data.Dataset:
        data = source.stream
        if plan.shuffle:
            # Dataset.shuffle would mix in TensorFlow's global seed.
            windows = data.batch(_SHUFFLE_WINDOW).enumerate()
            data = windows.map(lambda index, xy: mixed(number, index, *xy)).unbatch()
        return data.batch(plan.batch_size)

    def piece(counter: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tuple:
        step, replica = counter // local, first + counter % local
        start, stop, weights = _share(tf.shape(x, tf.int64)[0], replica, replicas)
        x = _augmented(x[start:stop], plan, step, start, stop)
        return x, tf.cast(y[start:stop], tf.int32), weights

    first_epoch, skip = divmod(plan.first_step, steps)
    data = tf.data.Dataset.range(first_epoch, _FOREVER).flat_map(epoch).skip(skip)
    data = data.flat_map(
        lambda x, y: tf.data.Dataset.from_tensors((x, y)).repeat(local)
    )
    counters = tf.data.Dataset.range(plan.first_step * local, _FOREVER)
    return tf.data.Dataset.zip((counters, data)).map(
        lambda counter, pair: piece(counter, *pair),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
