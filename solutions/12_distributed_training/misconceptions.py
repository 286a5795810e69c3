"""Wrong answers that students give, each with what to think about."""

import keras
import numpy as np
import tensorflow as tf

from grader.authoring import misconception


@misconception(
    "shard",
    hint="The images that are left over went nowhere: N // replicas is rounded down. "
    "Deal the remainder out, one image each to the first replicas.",
)
def drops_the_remainder(batch, replicas):
    def cut(array):
        size = len(array) // replicas
        return [array[i * size : (i + 1) * size] for i in range(replicas)]

    return _of_tuples(cut, batch)


@misconception(
    "shard",
    hint="The last replica got the whole remainder. It then works longest and all "
    "others wait for it: give one image more to each of the first replicas instead.",
)
def gives_the_remainder_to_the_last(batch, replicas):
    def cut(array):
        size = len(array) // replicas
        parts = [array[i * size : (i + 1) * size] for i in range(replicas - 1)]
        return [*parts, array[(replicas - 1) * size :]]

    return _of_tuples(cut, batch)


@misconception(
    "shard",
    hint="Rounding the size up fills the first replicas and leaves the last short: the "
    "sizes may differ by one image at most.",
)
def rounds_the_size_up(batch, replicas):
    def cut(array):
        size = -(-len(array) // replicas)
        return [array[i * size : (i + 1) * size] for i in range(replicas)]

    return _of_tuples(cut, batch)


@misconception(
    "shard",
    hint="You took every replicas-th image. The sizes are right, but the parts do not "
    "follow each other: part 0 is the beginning of the batch.",
)
def deals_them_out_like_cards(batch, replicas):
    return _of_tuples(lambda a: [a[i::replicas] for i in range(replicas)], batch)


def _of_tuples(cut, batch):
    if not isinstance(batch, tuple):
        return cut(np.asarray(batch))
    if len({len(array) for array in batch}) > 1:
        raise ValueError("arrays of different lengths")
    return list(zip(*(cut(np.asarray(array)) for array in batch), strict=True))


@misconception(
    "allreduce_mean",
    hint="That is the mean of the replicas' means. With unequal parts an image on a "
    "replica that has few counts more than one on a replica that has many: weigh each "
    "mean by its images.",
)
def takes_the_mean_of_the_means(gradients, counts):
    kept = [g for g, count in zip(gradients, counts, strict=True) if count > 0]
    return [np.mean(parts, axis=0) for parts in zip(*kept, strict=True)]


@misconception(
    "allreduce_mean",
    hint="The weights count * gradient are right, but their sum is divided by the "
    "number of replicas. Divide by the number of images.",
)
def divides_by_the_replicas(gradients, counts):
    return [
        sum(np.multiply(c, p) for c, p in zip(counts, parts, strict=True) if c > 0)
        / len(counts)
        for parts in zip(*gradients, strict=True)
    ]


@misconception(
    "allreduce_mean",
    hint="That is a sum: the step would grow with the number of images. Divide by how "
    "many there are in all.",
)
def sums_over_images(gradients, counts):
    return [
        sum(np.multiply(c, p) for c, p in zip(counts, parts, strict=True) if c > 0)
        for parts in zip(*gradients, strict=True)
    ]


@misconception(
    "allreduce_mean",
    hint="A replica without images brings NaN, and 0 * NaN is NaN: leave it out "
    "instead of weighing it with 0.",
)
def weighs_nothing_with_zero(gradients, counts):
    total = sum(counts)
    return [
        sum(np.multiply(c / total, p) for c, p in zip(counts, parts, strict=True))
        for parts in zip(*gradients, strict=True)
    ]


@misconception(
    "scale_learning_rate",
    hint="The rate grows with the square root of the batch here. The rule asked for is "
    "linear: twice the batch, twice the step.",
)
def scales_with_the_root(base_rate, base_batch, batch, step, warmup_steps):
    return _climb(
        base_rate, base_rate * (batch / base_batch) ** 0.5, step, warmup_steps
    )


@misconception(
    "scale_learning_rate",
    hint="Your climb begins at 0. It begins at base_rate, which is known to work, and "
    "leads to the scaled rate.",
)
def climbs_from_zero(base_rate, base_batch, batch, step, warmup_steps):
    return _climb(0.0, base_rate * batch / base_batch, step, warmup_steps)


@misconception(
    "scale_learning_rate",
    hint="The rate falls as the batch grows: batch and base_batch are the wrong way "
    "round.",
)
def divides_by_the_batch(base_rate, base_batch, batch, step, warmup_steps):
    return _climb(base_rate, base_rate * base_batch / batch, step, warmup_steps)


@misconception(
    "scale_learning_rate",
    hint="The climb ends one step too early: the scaled rate is reached at step "
    "warmup_steps, not at the step before.",
)
def arrives_a_step_early(base_rate, base_batch, batch, step, warmup_steps):
    target = base_rate * batch / base_batch
    return _climb(base_rate, target, step + 1, warmup_steps)


def _climb(start, target, step, steps):
    done = 1.0 if step >= steps else step / steps
    return start + (target - start) * done


def _losses(model, images, labels, training=True):
    p = model(images, training=training)
    return keras.losses.sparse_categorical_crossentropy(labels, p)


@misconception(
    "train_step",
    hint="You took the mean over this replica's images. The gradients of all replicas "
    "are summed afterwards: divide the sum of your losses by the global batch.",
)
def takes_the_mean_of_its_part(model, images, labels, global_batch):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(_losses(model, images, labels))
    return loss, tape.gradient(loss, model.trainable_variables)


@misconception(
    "train_step",
    hint="The losses are summed and never divided: the step would grow with the batch. "
    "Divide by the size of the global batch.",
)
def never_divides(model, images, labels, global_batch):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(_losses(model, images, labels))
    return loss, tape.gradient(loss, model.trainable_variables)


@misconception(
    "train_step",
    hint="The network ran as it does at evaluation. In training, batch normalisation "
    "uses the batch's own statistics and dropout drops: say training=True.",
)
def forgets_training(model, images, labels, global_batch):
    with tf.GradientTape() as tape:
        losses = _losses(model, images, labels, training=False)
        loss = tf.reduce_sum(losses) / global_batch
    return loss, tape.gradient(loss, model.trainable_variables)


@misconception(
    "mirrored_fit",
    hint="The incomplete batch at the end of each epoch was left out. Its images count "
    "as well: there is one step more in an epoch.",
)
def leaves_out_the_last_batch(
    model, images, labels, batch, epochs, learning_rate, replicas
):
    whole = len(images) // batch * batch
    kept = images[:whole], labels[:whole]
    return _descend(model, *kept, batch, epochs, learning_rate, lambda n: n)


@misconception(
    "mirrored_fit",
    hint="The last batch of an epoch is smaller, and its sum was still divided by the "
    "full batch size: its step is too short. Divide by how many images the batch has.",
)
def divides_by_the_full_batch(
    model, images, labels, batch, epochs, learning_rate, replicas
):
    return _descend(
        model, images, labels, batch, epochs, learning_rate, lambda n: batch
    )


def _descend(model, images, labels, batch, epochs, learning_rate, divisor):
    """One device is enough to show what goes wrong with the arithmetic."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    losses = []
    for _ in range(epochs):
        for start in range(0, len(images), batch):
            x, y = images[start : start + batch], labels[start : start + batch]
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(_losses(copy, x, y)) / divisor(len(x))
            gradients = tape.gradient(loss, copy.trainable_variables)
            for weight, gradient in zip(
                copy.trainable_variables, gradients, strict=True
            ):
                weight.assign_sub(learning_rate * gradient)
            losses.append(float(loss))
    return copy.get_weights(), losses


def _towers(width, units, classes, input_shape, *, meet=(3,), rate=0.5, share=True):
    """The network with something changed; `meet` names where maps cross."""
    layers = keras.layers
    inputs = keras.Input(input_shape)
    wide = width * 8 // 3
    ends = [inputs, inputs]
    rows = [
        (width, 11, {"strides": 4}, True),
        (wide, 5, {"padding": "same"}, True),
        (4 * width, 3, {"padding": "same"}, False),
        (4 * width, 3, {"padding": "same"}, False),
        (wide, 3, {"padding": "same"}, True),
    ]
    for number, (filters, size, settings, pooled) in enumerate(rows, 1):
        if number in meet:
            ends = [layers.Concatenate()(ends)] * 2
        made = []
        for x in ends:
            x = layers.Conv2D(filters, size, activation="relu", **settings)(x)
            made.append(layers.MaxPooling2D(3, strides=2)(x) if pooled else x)
        ends = made
    ends = [layers.Flatten()(x) for x in ends]
    for _ in range(2):
        ends = [layers.Concatenate()(ends)] * 2 if share else ends
        made = []
        for x in ends:
            x = layers.Dense(units, activation="relu")(x)
            made.append(layers.Dropout(rate)(x) if rate else x)
        ends = made
    outputs = layers.Dense(classes, activation="softmax")(layers.Concatenate()(ends))
    return keras.Model(inputs, outputs)


@misconception(
    "two_tower_alexnet",
    hint="Your towers see each other before every convolution. They meet before conv3 "
    "only, and then at the dense layers: crossing is what costs time.",
)
def meets_everywhere(width, units, classes, input_shape):
    return _towers(width, units, classes, input_shape, meet=(2, 3, 4, 5))


@misconception(
    "two_tower_alexnet",
    hint="Your towers never exchange their maps before the dense layers. conv3 sees "
    "both towers.",
)
def never_meets_in_the_convolutions(width, units, classes, input_shape):
    return _towers(width, units, classes, input_shape, meet=())


@misconception(
    "two_tower_alexnet",
    hint="fc6 and fc7 of each tower see their own tower only. The dense layers see "
    "both.",
)
def keeps_the_dense_layers_apart(width, units, classes, input_shape):
    return _towers(width, units, classes, input_shape, share=False)


@misconception(
    "two_tower_alexnet",
    hint="The dropout after fc6 and fc7 is missing. Half of what these 60 million "
    "parameters learn would be learnt by heart without it.",
)
def forgets_the_dropout(width, units, classes, input_shape):
    return _towers(width, units, classes, input_shape, rate=0)


@misconception(
    "training_memory",
    hint="The activations are those of the whole batch. Each device sees its part "
    "only, and the fullest has the largest part.",
)
def keeps_the_whole_batch_everywhere(rows, batch, slots, replicas=1, bytes_each=4):
    return _memory(rows, batch, slots, bytes_each)


@misconception(
    "training_memory",
    hint="The parameters are divided among the devices here. In data parallelism every "
    "device has a whole copy of the network; only the batch is divided.",
)
def divides_the_parameters(rows, batch, slots, replicas=1, bytes_each=4):
    held = _memory(rows, -(-batch // replicas), slots, bytes_each)
    return held[0], *(part // replicas for part in held[1:])


@misconception(
    "training_memory",
    hint="batch // replicas rounds down, but the fullest device has the largest part: "
    "round up.",
)
def rounds_the_part_down(rows, batch, slots, replicas=1, bytes_each=4):
    return _memory(rows, batch // replicas, slots, bytes_each)


@misconception(
    "training_memory",
    hint="Only one image's activations are counted. The backward pass needs those of "
    "every image that the device has.",
)
def counts_one_image(rows, batch, slots, replicas=1, bytes_each=4):
    return _memory(rows, 1, slots, bytes_each)


def _memory(rows, images, slots, bytes_each):
    activations = sum(row[1] for row in rows) * images * bytes_each
    parameters = sum(row[2] for row in rows) * bytes_each
    return activations, parameters, parameters, slots * parameters
