"""Right answers, written otherwise."""

import itertools

import keras
import numpy as np
import tensorflow as tf

from grader.authoring import alternative


@alternative("shard")
def splits_with_numpy(batch, replicas):
    if isinstance(batch, tuple):
        lengths = [len(array) for array in batch]
        if min(lengths) != max(lengths):
            raise ValueError(f"lengths {lengths}")
        return list(zip(*(np.array_split(a, replicas) for a in batch), strict=True))
    return np.array_split(batch, replicas)


@alternative("shard")
def from_borders(batch, replicas):
    arrays = batch if isinstance(batch, tuple) else (batch,)
    count = len(arrays[0])
    if any(len(array) != count for array in arrays):
        raise ValueError("not of one length")
    borders = [-(-i * count // replicas) for i in range(replicas + 1)]
    sizes = sorted(np.diff(borders).tolist(), reverse=True)
    ends = np.cumsum([0, *sizes])
    parts = []
    for a, b in itertools.pairwise(ends):
        part = tuple(array[a:b].copy() for array in arrays)
        parts.append(part if isinstance(batch, tuple) else part[0])
    return tuple(parts)


@alternative("allreduce_mean")
def averages_with_weights(gradients, counts):
    kept = [i for i, count in enumerate(counts) if count]
    weights = [counts[i] for i in kept]
    return [
        np.average([gradients[i][v] for i in kept], axis=0, weights=weights)
        for v in range(len(gradients[0]))
    ]


@alternative("allreduce_mean")
def sums_then_divides(gradients, counts):
    counts = np.asarray(counts, dtype=float)
    result = []
    for parts in zip(*gradients, strict=True):
        stacked = np.nan_to_num(np.stack([np.asarray(p) for p in parts]))
        total = np.tensordot(counts, stacked, axes=1)
        result.append(total / counts.sum())
    return tuple(result)


@alternative("scale_learning_rate")
def interpolates(base_rate, base_batch, batch, step, warmup_steps):
    scaled = base_rate * (batch / base_batch)
    if warmup_steps == 0:
        return scaled
    return float(np.interp(step, [0, warmup_steps], [base_rate, scaled]))


@alternative("scale_learning_rate")
def multiplies(base_rate, base_batch, batch, step, warmup_steps):
    factor = batch / base_batch
    if step < warmup_steps:
        factor = 1 + (factor - 1) * step / warmup_steps
    return np.float64(base_rate) * factor


@alternative("train_step")
def with_a_loss_object(model, images, labels, global_batch):
    loss_of = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
    with tf.GradientTape() as tape:
        probabilities = model(images, training=True)
        loss = loss_of(labels, probabilities) / tf.cast(global_batch, tf.float32)
    return loss, tape.gradient(loss, model.trainable_weights)


@alternative("train_step")
def with_logarithms(model, images, labels, global_batch):
    with tf.GradientTape() as tape:
        p = model(tf.convert_to_tensor(images), training=True)
        picked = tf.gather(p, tf.cast(labels, tf.int32), batch_dims=1)
        loss = -tf.reduce_sum(tf.math.log(picked)) / global_batch
    gradients = tape.gradient(loss, model.trainable_variables)
    return loss, tuple(gradients)


@alternative("mirrored_fit")
def summing_by_hand(model, images, labels, batch, epochs, learning_rate, replicas):
    """The gradients are reduced in words and the step is made by hand."""
    devices = ["CPU:0", "CPU:1"][:replicas]
    strategy = tf.distribute.MirroredStrategy(devices)
    with strategy.scope():
        twin = keras.models.clone_model(model)
        twin.set_weights(model.get_weights())

    @tf.function(reduce_retracing=True)
    def run(xs, ys, count):
        def one(x, y):
            with tf.GradientTape() as tape:
                p = twin(x, training=True)
                each = keras.losses.sparse_categorical_crossentropy(y, p)
                loss = tf.reduce_sum(each) / count
            found = tape.gradient(loss, twin.trainable_variables)
            context = tf.distribute.get_replica_context()
            found = context.all_reduce("sum", found)
            for weight, gradient in zip(twin.trainable_variables, found, strict=True):
                weight.value.assign_sub(learning_rate * gradient)
            return loss

        return strategy.reduce("SUM", strategy.run(one, args=(xs, ys)), axis=None)

    def spread(array):
        parts = np.array_split(array, replicas)
        return strategy.experimental_distribute_values_from_function(
            lambda c: tf.convert_to_tensor(parts[c.replica_id_in_sync_group])
        )

    history = []
    for _ in range(epochs):
        for i in range(0, len(images), batch):
            x, y = images[i : i + batch], labels[i : i + batch]
            history.append(run(spread(x), spread(y), tf.constant(float(len(x)))))
    return twin.get_weights(), [float(loss) for loss in history]


@alternative("two_tower_alexnet")
def with_nested_towers(width, units, classes, input_shape):
    layers = keras.layers
    wide = 8 * width // 3

    def lower():
        return keras.Sequential(
            [
                layers.Conv2D(width, 11, 4),
                layers.ReLU(),
                layers.MaxPool2D(3, 2),
                layers.Conv2D(wide, 5, padding="same"),
                layers.ReLU(),
                layers.MaxPool2D(3, 2),
            ]
        )

    def upper():
        return keras.Sequential(
            [
                layers.Conv2D(4 * width, 3, padding="same", activation="relu"),
                layers.Conv2D(4 * width, 3, padding="same", activation="relu"),
                layers.Conv2D(wide, 3, padding="same", activation="relu"),
                layers.MaxPool2D(3, 2),
                layers.Flatten(),
            ]
        )

    def dense():
        return keras.Sequential(
            [layers.Dense(units), layers.Activation("relu"), layers.Dropout(0.5)]
        )

    image = keras.Input(input_shape)
    x = keras.ops.concatenate([lower()(image), lower()(image)], axis=-1)
    for tower in (upper, dense, dense):
        x = layers.concatenate([tower()(x), tower()(x)])
    x = layers.Dense(classes)(x)
    return keras.Model(image, layers.Softmax()(x))


@alternative("two_tower_alexnet")
def with_named_layers(width, units, classes, input_shape):
    layers = keras.layers
    image = layers.Input(shape=input_shape, name="image")
    plan = {
        "conv1": (width, 11, 4, "valid", True),
        "conv2": (width // 3 * 8, 5, 1, "same", True),
        "conv3": (width * 4, 3, 1, "same", False),
        "conv4": (width * 4, 3, 1, "same", False),
        "conv5": (width // 3 * 8, 3, 1, "same", True),
    }
    x = {"a": image, "b": image}
    for name, (filters, size, stride, padding, pooled) in plan.items():
        if name == "conv3":
            met = layers.Concatenate(name="cross")([x["b"], x["a"]])
            x = {"a": met, "b": met}
        for tower in x:
            conv = layers.Conv2D(
                filters, size, stride, padding, activation="relu", name=name + tower
            )
            x[tower] = conv(x[tower])
            if pooled:
                x[tower] = layers.MaxPooling2D((3, 3), (2, 2))(x[tower])
    x = {tower: layers.Flatten()(maps) for tower, maps in x.items()}
    for name in ("fc6", "fc7"):
        met = layers.Concatenate()(list(x.values()))
        for tower in x:
            y = layers.Dense(units, "relu", name=name + tower)(met)
            x[tower] = layers.Dropout(0.5)(y)
    met = layers.Concatenate()(list(x.values()))
    return keras.Model(image, layers.Dense(classes, "softmax", name="fc8")(met))


@alternative("training_memory")
def row_by_row(rows, batch, slots, replicas=1, bytes_each=4):
    images = len(range(0, batch, replicas))
    held = np.zeros(4, dtype=np.int64)
    for _, outputs, parameters in rows:
        held += np.array([outputs * images, parameters, parameters, slots * parameters])
    return tuple(int(part) for part in held * bytes_each)


@alternative("training_memory")
def with_lists(rows, batch, slots, replicas=1, bytes_each=4):
    part, more = divmod(batch, replicas)
    part += more > 0
    weights = sum(p for _, _, p in rows)
    numbers = [sum(a for _, a, _ in rows) * part, weights, weights, weights * slots]
    return [number * bytes_each for number in numbers]


@alternative("mirrored_fit")
def with_a_dataset_of_parts(
    model, images, labels, batch, epochs, learning_rate, replicas
):
    """Each replica picks its own part inside the graph."""
    strategy = tf.distribute.MirroredStrategy([f"/cpu:{i}" for i in range(replicas)])
    with strategy.scope():
        net = keras.models.clone_model(model)
        net.set_weights(model.get_weights())
        sgd = keras.optimizers.SGD(learning_rate=learning_rate)
        sgd.build(net.trainable_variables)

    def replica(x, y):
        me = tf.distribute.get_replica_context().replica_id_in_sync_group
        count = tf.shape(x)[0]
        size, more = count // replicas, count % replicas
        start = me * size + tf.minimum(me, more)
        stop = start + size + tf.cast(me < more, tf.int32)
        with tf.GradientTape() as tape:
            p = net(x[start:stop], training=True)
            losses = keras.losses.sparse_categorical_crossentropy(y[start:stop], p)
            loss = tf.reduce_sum(losses) / tf.cast(count, tf.float32)
        sgd.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        return loss

    step = tf.function(
        lambda x, y: strategy.reduce(
            "SUM", strategy.run(replica, args=(x, y)), axis=None
        ),
        reduce_retracing=True,
    )
    losses = []
    for _ in range(epochs):
        for start in range(0, len(images), batch):
            chosen = slice(start, start + batch)
            x, y = tf.constant(images[chosen]), tf.constant(labels[chosen])
            losses.append(step(x, y).numpy())
    return net.get_weights(), losses
