"""Mistakes that students make in this assignment, with a hint for each.

Every function is wrong in one way and right in all others, so that a submission with
that mistake builds or computes the same and gets the hint.
"""

import keras
import numpy as np
import tensorflow as tf

from grader.authoring import misconception

layers = keras.layers


def _conv(x, filters, kernel_size, strides=1, use_bias=False):
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=use_bias,
        kernel_initializer="he_normal",
    )(x)


def _conv_bn(x, filters, kernel_size, strides=1, use_bias=False):
    x = _conv(x, filters, kernel_size, strides, use_bias)
    return layers.BatchNormalization()(x)


def _relu(x):
    return layers.ReLU()(x)


def _branch(x, filters, strides):
    return _conv_bn(_relu(_conv_bn(x, filters, 3, strides)), filters, 3)


def _changes(x, filters, strides):
    return strides != 1 or x.shape[-1] != filters


def _shortcut(x, filters, strides):
    return _conv_bn(x, filters, 1, strides) if _changes(x, filters, strides) else x


def _residual(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    return _relu(layers.Add()([_shortcut(x, filters, strides), branch]))


# plain_block


@misconception(
    "plain_block",
    hint="Your convolutions have biases. The batch normalisation behind them subtracts "
    "the mean, and any constant with it, and has its own beta: use_bias=False.",
)
def keeps_the_biases(x, filters, strides=1):
    x = _relu(_conv_bn(x, filters, 3, strides, use_bias=True))
    return _relu(_conv_bn(x, filters, 3, use_bias=True))


@misconception(
    "plain_block",
    hint="The last ReLU is missing. That is where a residual block puts its sum; in a "
    "plain block ReLU follows the normalisation directly, both times.",
)
def ends_without_relu(x, filters, strides=1):
    return _branch(x, filters, strides)


@misconception(
    "plain_block",
    hint="Both of your convolutions have the stride, so the maps shrink twice. Only "
    "the first one does; the second works on the smaller maps.",
)
def strides_twice(x, filters, strides=1):
    x = _relu(_conv_bn(x, filters, 3, strides))
    return _relu(_conv_bn(x, filters, 3, strides))


# residual_block


@misconception(
    "residual_block",
    hint="Your branch ends in a ReLU, and the sum follows it: the branch can then only "
    "add, never take away, and the maps grow from block to block. Add first, then "
    "apply ReLU to the sum.",
)
def adds_after_the_last_relu(x, filters, strides=1):
    branch = _relu(_branch(x, filters, strides))
    return layers.Add()([_shortcut(x, filters, strides), branch])


@misconception(
    "residual_block",
    hint="Nothing follows your sum. In this block a ReLU does: the next block, and the "
    "idea that a zero branch changes nothing, rely on maps that are never negative.",
)
def forgets_the_relu_after_the_sum(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    return layers.Add()([_shortcut(x, filters, strides), branch])


@misconception(
    "residual_block",
    hint="You project in every block. Where the shape stays, the shortcut is x itself: "
    "no weights, and an open road for signal and gradient. Project only where the "
    "channels or the size change.",
)
def projects_always(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    return _relu(layers.Add()([_conv_bn(x, filters, 1, strides), branch]))


@misconception(
    "residual_block",
    hint="You project only where there is a stride. The number of channels may change "
    "without one, and then x and the branch cannot be added either.",
)
def looks_at_the_stride_alone(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    if strides != 1:
        x = _conv_bn(x, filters, 1, strides)
    return _relu(layers.Add()([x, branch]))


@misconception(
    "residual_block",
    hint="The projection has no batch normalisation. Here every convolution has one, "
    "the one on the shortcut too.",
)
def does_not_normalise_the_projection(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    if _changes(x, filters, strides):
        x = _conv(x, filters, 1, strides)
    return _relu(layers.Add()([x, branch]))


@misconception(
    "residual_block",
    hint="You put shortcut and branch side by side along the channels. A residual "
    "block adds them; keeping both is what DenseNet does.",
)
def concatenates(x, filters, strides=1):
    branch = _branch(x, filters, strides)
    return _relu(layers.Concatenate()([_shortcut(x, filters, strides), branch]))


# bottleneck_block


@misconception(
    "bottleneck_block",
    hint='Your 3x3 convolution has the stride. Later code does it so ("version 1.5": '
    "more arithmetic, a little more accuracy); this block is the paper's, and there "
    "the first 1x1 has it.",
)
def strides_in_the_middle(x, filters, strides=1):
    branch = _relu(_conv_bn(x, filters // 4, 1))
    branch = _relu(_conv_bn(branch, filters // 4, 3, strides))
    branch = _conv_bn(branch, filters, 1)
    return _relu(layers.Add()([_shortcut(x, filters, strides), branch]))


@misconception(
    "bottleneck_block",
    hint="Your block is four times as wide as asked: filters counts the channels of "
    "the output, and the 3x3 convolution in the middle has a quarter of them.",
)
def widens_instead_of_narrowing(x, filters, strides=1):
    branch = _relu(_conv_bn(x, filters, 1, strides))
    branch = _relu(_conv_bn(branch, filters, 3))
    branch = _conv_bn(branch, 4 * filters, 1)
    return _relu(layers.Add()([_shortcut(x, 4 * filters, strides), branch]))


# resnet


@misconception(
    "resnet",
    hint="Your first stage halves the size too. Only the second and the third begin "
    "with a stride of 2: 32, 16 and 8 pixels for an image of 32.",
)
def halves_in_every_stage(n, shape=(32, 32, 3), classes=10, residual=True):
    return _network(n, shape, classes, residual, first=2)


@misconception(
    "resnet",
    hint="Your model ends in a softmax. It should give logits, as the losses of this "
    "course expect them (from_logits=True).",
)
def ends_in_a_softmax(n, shape=(32, 32, 3), classes=10, residual=True):
    return _network(n, shape, classes, residual, activation="softmax")


@misconception(
    "resnet",
    hint="You flatten before the classifier. Global average pooling takes the mean of "
    "each map: fewer weights, and images of any size fit.",
)
def flattens(n, shape=(32, 32, 3), classes=10, residual=True):
    return _network(n, shape, classes, residual, end=layers.Flatten)


def _plain(x, filters, strides=1):
    return _relu(_branch(x, filters, strides))


def _network(
    n,
    shape,
    classes,
    residual,
    first=1,
    activation=None,
    end=layers.GlobalAveragePooling2D,
):
    block = _residual if residual else _plain
    inputs = keras.Input(shape)
    x = _relu(_conv_bn(inputs, 16, 3))
    for stage in range(3):
        for index in range(n):
            strides = (2 if stage else first) if index == 0 else 1
            x = block(x, 16 * 2**stage, strides)
    outputs = layers.Dense(classes, activation=activation)(end()(x))
    return keras.Model(inputs, outputs)


# deepen_by_identity


def _deepened(model, kernel_of, activation="relu"):
    """A copy with one more 3x3 convolution, of kernel_of(filters), behind each."""
    x = inputs = keras.Input(model.input_shape[1:])
    for layer in model.layers[1:]:
        copy = type(layer).from_config(layer.get_config())
        x = copy(x)
        copy.set_weights(layer.get_weights())
        if isinstance(layer, layers.Conv2D):
            filters = layer.filters
            extra = layers.Conv2D(
                filters,
                3,
                padding="same",
                activation=activation,
                name=f"{layer.name}_more",
            )
            x = extra(x)
            kernel = kernel_of(filters)
            if kernel is not None:
                extra.set_weights([kernel, np.zeros(filters)])
    return keras.Model(inputs, x)


def _centred(filters):
    kernel = np.zeros((3, 3, filters, filters))
    kernel[1, 1] = np.eye(filters)
    return kernel


@misconception(
    "deepen_by_identity",
    hint="Your new convolutions have weights of zero, so nothing comes through. Zero "
    "is the identity where a shortcut carries x past the layer; a plain layer must "
    "carry it itself.",
)
def fills_with_zeros(model):
    return _deepened(model, lambda filters: np.zeros((3, 3, filters, filters)))


@misconception(
    "deepen_by_identity",
    hint="Each of your new filters sums all channels of a pixel. Filter f must pass on "
    "channel f alone: in the middle of the kernel stands an identity matrix, "
    "(channel in, filter), not ones.",
)
def mixes_the_channels(model):
    def kernel_of(filters):
        kernel = np.zeros((3, 3, filters, filters))
        kernel[1, 1] = 1
        return kernel

    return _deepened(model, kernel_of)


@misconception(
    "deepen_by_identity",
    hint="The 1 of your kernel stands in a corner, so every new layer shifts the maps "
    "by a pixel. A 3x3 window is centred: [1, 1] is the pixel itself.",
)
def shifts_the_maps(model):
    def kernel_of(filters):
        kernel = np.zeros((3, 3, filters, filters))
        kernel[0, 0] = np.eye(filters)
        return kernel

    return _deepened(model, kernel_of)


@misconception(
    "deepen_by_identity",
    hint="Your new layers are linear. They do compute the identity now, but two linear "
    "layers in a row will never be more than one: give them their ReLU, which changes "
    "nothing behind another ReLU.",
)
def leaves_out_the_relu(model):
    return _deepened(model, _centred, activation=None)


# gradient_norms


def _gradients(model, x, y, training=True, reduction="sum_over_batch_size"):
    convolutions = [i for i in model.layers if isinstance(i, layers.Conv2D)]
    loss_of = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction=reduction
    )
    with tf.GradientTape() as tape:
        loss = loss_of(y, model(x, training=training))
    return tape.gradient(loss, [layer.kernel for layer in convolutions])


@misconception(
    "gradient_norms",
    hint="Your loss is the sum over the batch: the norms grow with the number of "
    "images. The mean is wanted.",
)
def sums_the_loss(model, x, y):
    before = model.get_weights()
    found = _gradients(model, x, y, reduction="sum")
    model.set_weights(before)
    return [float(tf.norm(gradient)) for gradient in found]


@misconception(
    "gradient_norms",
    hint="These are mean absolute values of the gradients. The norm is the root of the "
    "sum of squares over the whole kernel.",
)
def takes_the_mean_size(model, x, y):
    before = model.get_weights()
    found = _gradients(model, x, y)
    model.set_weights(before)
    return [float(tf.reduce_mean(tf.abs(gradient))) for gradient in found]


@misconception(
    "gradient_norms",
    hint="You measured with the running statistics. In training the normalisation uses "
    "those of the batch, and the gradient goes through them: model(x, training=True).",
)
def measures_in_evaluation(model, x, y):
    found = _gradients(model, x, y, training=False)
    return [float(tf.norm(gradient)) for gradient in found]


@misconception(
    "gradient_norms",
    hint="Measuring has changed the model: a pass with training=True moves the running "
    "means and variances. Note the weights before, and put them back.",
)
def moves_the_running_statistics(model, x, y):
    return [float(tf.norm(gradient)) for gradient in _gradients(model, x, y)]


# drop_blocks


def _run(x, blocks, dropped, step):
    for index, (branch, shortcut) in enumerate(blocks):
        kept = x if shortcut is None else shortcut(x)
        x = step(kept, branch, x, index in dropped)
    return x


def _add(kept, branch, x, is_dropped):
    return np.maximum(kept if is_dropped else kept + branch(x), 0)


@misconception(
    "drop_blocks",
    hint="You dropped the shortcuts with the branches, and nothing came through. A "
    "dropped block loses its branch; its shortcut stays, and that is the point.",
)
def drops_the_shortcut_too(x, blocks, dropped):
    def step(kept, branch, x, is_dropped):
        return np.maximum(kept * (not is_dropped) + branch(x) * (not is_dropped), 0)

    return _run(x, blocks, dropped, step)


@misconception(
    "drop_blocks",
    hint="You kept the branches that should go and dropped the others: `dropped` names "
    "the blocks that lose theirs.",
)
def keeps_what_should_go(x, blocks, dropped):
    others = [index for index in range(len(blocks)) if index not in dropped]
    return _run(x, blocks, others, _add)


@misconception(
    "drop_blocks",
    hint="Your blocks are counted from 1. Here the first block is number 0.",
)
def counts_from_one(x, blocks, dropped):
    return _run(x, blocks, [index - 1 for index in dropped], _add)


@misconception(
    "drop_blocks",
    hint="The ReLU after the sum is missing. Every block ends in one, dropped or not.",
)
def leaves_the_relu_out(x, blocks, dropped):
    def step(kept, branch, x, is_dropped):
        return kept if is_dropped else kept + branch(x)

    return _run(x, blocks, dropped, step)


@misconception(
    "drop_blocks",
    hint="Your ReLU stands on the branch, before the sum. The branch may take away as "
    "well as add; ReLU comes after the sum.",
)
def bends_the_branch(x, blocks, dropped):
    def step(kept, branch, x, is_dropped):
        return kept if is_dropped else kept + np.maximum(branch(x), 0)

    return _run(x, blocks, dropped, step)


@misconception(
    "drop_blocks",
    hint="Your branches read the block's shortcut instead of its input. Branch and "
    "shortcut work side by side on the same x.",
)
def feeds_the_branch_with_the_shortcut(x, blocks, dropped):
    def step(kept, branch, x, is_dropped):
        return np.maximum(kept if is_dropped else kept + branch(kept), 0)

    return _run(x, blocks, dropped, step)


@misconception(
    "drop_blocks",
    hint="You changed the x that you were given: with an identity shortcut the sum is "
    "x itself, and += writes into it. Make a new array: total = total + ...",
)
def adds_in_place(x, blocks, dropped):
    for index, (branch, shortcut) in enumerate(blocks):
        total = x if shortcut is None else shortcut(x)
        if index not in dropped:
            total += branch(x)
        x = np.maximum(total, 0)
    return x
