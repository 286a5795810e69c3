"""Right answers written differently: every one must get full marks."""

import keras
import numpy as np

from grader.authoring import alternative

# lenet5


@alternative("lenet5")
def with_convolutions_to_the_end():
    """C5, F6 and the output as convolutions; activations as layers."""
    layers = keras.layers
    x = inputs = keras.Input(shape=(32, 32, 1))
    x = layers.Activation("tanh")(layers.Conv2D(6, (5, 5), strides=(1, 1))(x))
    x = layers.AveragePooling2D(pool_size=(2, 2), strides=2, padding="same")(x)
    x = layers.Activation(keras.activations.tanh)(layers.Conv2D(16, 5)(x))
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(120, 5, activation="tanh")(x)
    x = layers.Conv2D(84, 1, activation="tanh")(x)
    x = layers.Softmax()(layers.Conv2D(10, 1)(x))
    return keras.Model(inputs, layers.Reshape((10,))(x))


@alternative("lenet5")
def in_two_nested_parts():
    """Models inside a model, other initialisers, a graph operation for tanh."""
    layers = keras.layers
    eyes = keras.Sequential([keras.Input((32, 32, 1))], name="features")
    for filters in (6, 16):
        eyes.add(layers.Conv2D(filters, 5, kernel_initializer="lecun_normal"))
        eyes.add(layers.Activation("tanh"))
        eyes.add(layers.AveragePooling2D((2, 2)))
    x = inputs = keras.Input((32, 32, 1))
    x = layers.Reshape((400,))(eyes(x))
    x = keras.ops.tanh(layers.Dense(120)(x))
    head = keras.Sequential([keras.Input((120,)), layers.Dense(84, "tanh")])
    return keras.Model(inputs, layers.Dense(10, "softmax")(head(x)))


# mnist_bn_cnn


@alternative("mnist_bn_cnn")
def with_layers_of_zeros():
    layers = keras.layers
    model = keras.Sequential()
    model.add(keras.Input((28, 28, 1)))
    for filters in (16, 32):
        model.add(layers.ZeroPadding2D(((2, 2), (2, 2))))
        model.add(layers.Conv2D(filters, kernel_size=(5, 5), padding="valid"))
        model.add(layers.BatchNormalization(momentum=0.9, epsilon=1e-5, axis=3))
        model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D(pool_size=2, strides=2, padding="same"))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="linear"))
    return model


@alternative("mnist_bn_cnn")
def with_operations():
    """ReLU as an operation; the last layer as a convolution over the whole map."""
    layers = keras.layers
    x = inputs = layers.Input(shape=[28, 28, 1], name="image")
    for index in (1, 2):
        name = f"block{index}"
        x = layers.Conv2D(16 * index, 5, 1, "same", name=f"{name}_conv")(x)
        x = keras.activations.relu(layers.BatchNormalization()(x))
        x = layers.MaxPool2D((2, 2), name=f"{name}_pool")(x)
    x = layers.Conv2D(10, 7, name="logits")(x)
    return keras.Model(inputs=inputs, outputs=layers.Flatten()(x))


# task_cnn


@alternative("task_cnn")
def functional_with_separate_activations():
    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(64, (3, 3), strides=(2, 2), padding="valid")(inputs)
    x = layers.ReLU()(x)
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.Activation("relu")(layers.Conv2D(32, (2, 2))(x))
    x = layers.MaxPool2D((2, 2), strides=(1, 1), padding="valid")(x)
    x = layers.Dropout(rate=0.35, seed=1)(x)
    x = layers.Dense(256)(layers.Flatten()(x))
    x = layers.Dropout(0.5)(layers.Activation("tanh")(x))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))


@alternative("task_cnn")
def as_a_list_of_arguments():
    """Built row by row from data, He's initialiser where there is a ReLU."""
    rows = [
        ("Conv2D", {"filters": 64, "kernel_size": 3, "strides": 2}),
        ("Conv2D", {"filters": 32, "kernel_size": 2, "padding": "same"}),
        ("MaxPooling2D", {"pool_size": 2, "strides": 1}),
        ("Dropout", {"rate": 0.35}),
        ("Reshape", {"target_shape": (-1,)}),
        ("Dense", {"units": 256, "activation": keras.ops.tanh}),
        ("Dropout", {"rate": 0.5}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    ]
    model = keras.Sequential([keras.Input(batch_shape=(None, 28, 28, 1))])
    for kind, arguments in rows:
        if kind == "Conv2D":
            arguments = {**arguments, "activation": "relu"}
            arguments["kernel_initializer"] = keras.initializers.HeNormal()
        model.add(getattr(keras.layers, kind)(**arguments))
    return model


# sgd_momentum


@alternative("sgd_momentum")
def with_the_velocity_before(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    """Nesterov written with the old velocity and the new one; a dict for the state."""
    old = np.zeros_like(w) if state is None else state["velocity"]
    new = momentum * old - learning_rate * (g + weight_decay * w)
    step = -momentum * old + (1 + momentum) * new if nesterov else new
    return w + step, {"velocity": new}


@alternative("sgd_momentum")
def descending_in_place(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    """A velocity that points uphill and is changed in place, on copies."""
    w = np.array(w)
    if state is None:
        state = [np.zeros(w.shape)]
    uphill = state[0]
    gradient = g + w * weight_decay
    uphill *= momentum
    uphill += learning_rate * gradient
    w -= learning_rate * gradient + momentum * uphill if nesterov else uphill
    return w, state


@alternative("sgd_momentum")
def momentum_in_single_precision(
    w, g, state, learning_rate=0.01, momentum=0.9, nesterov=False, weight_decay=0.0
):
    w, g = np.float32(w), np.float32(g)
    g = g + np.float32(weight_decay) * w
    v = np.zeros_like(w) if state is None else state
    v = np.float32(momentum) * v - np.float32(learning_rate) * g
    ahead = np.float32(momentum) * v - np.float32(learning_rate) * g
    return (w + ahead if nesterov else w + v), v


# adam


@alternative("adam")
def as_keras_writes_it(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    """The means move towards the gradient; the state is a dict."""
    if state is None:
        state = {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
    t = state["t"] + 1
    m = state["m"] + (g - state["m"]) * (1 - beta_1)
    v = state["v"] + (np.square(g) - state["v"]) * (1 - beta_2)
    alpha = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - (m * alpha) / (np.sqrt(v) + epsilon), {"m": m, "v": v, "t": t}


@alternative("adam")
def with_corrected_means(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    """The paper's corrected means, epsilon enlarged to match; powers in the state."""
    m, v, p1, p2 = state or (0 * g, 0 * g, 1.0, 1.0)
    p1, p2 = p1 * beta_1, p2 * beta_2
    m, v = beta_1 * m + (1 - beta_1) * g, beta_2 * v + (1 - beta_2) * g * g
    square = v / (1 - p2)
    step = m / (1 - p1) / (square**0.5 + epsilon / (1 - p2) ** 0.5)
    return w - learning_rate * step, (m, v, p1, p2)


class _Memory:
    """A state that stays in the worker."""

    def __init__(self, shape):
        self.m, self.v, self.t = np.zeros(shape), np.zeros(shape), 0


@alternative("adam")
def with_an_object(
    w, g, state, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7
):
    """An object of one's own as the state, changed in place."""
    state = state or _Memory(np.shape(w))
    state.t += 1
    state.m = beta_1 * state.m + (1 - beta_1) * g
    state.v = beta_2 * state.v + (1 - beta_2) * g**2
    root = np.sqrt(state.v) + epsilon
    up, down = np.sqrt(1 - beta_2**state.t), 1 - beta_1**state.t
    return w - learning_rate * up / down * state.m / root, state


# adadelta


@alternative("adadelta")
def with_one_root(w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7):
    """The ratio under one root; the two means in one array."""
    both = np.zeros((2, *np.shape(w))) if state is None else np.array(state)
    both[0] = rho * both[0] + (1 - rho) * g * g
    step = np.sqrt((both[1] + epsilon) / (both[0] + epsilon)) * g
    both[1] = rho * both[1] + (1 - rho) * step * step
    return w - learning_rate * step, both


@alternative("adadelta")
def adadelta_in_single_precision(
    w, g, state, learning_rate=1.0, rho=0.95, epsilon=1e-7
):
    w, g = np.float32(w), np.float32(g)
    keep, new, tiny = np.float32(rho), np.float32(1 - rho), np.float32(epsilon)
    a, d = (np.zeros_like(w), np.zeros_like(w)) if state is None else state
    a = keep * a + new * np.square(g)
    step = -np.sqrt(d + tiny) / np.sqrt(a + tiny) * g
    d = keep * d + new * np.square(step)
    return w + np.float32(learning_rate) * step, [a, d]


# plateau_lr


@alternative("plateau_lr")
def as_an_array(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    """Turns accuracies into losses; fills an array."""
    losses = -np.asarray(values) if mode == "max" else np.asarray(values)
    rates = np.full(len(losses), float(learning_rate))
    best, since = losses[0], 0
    for epoch in range(1, len(losses)):
        rates[epoch] = rates[epoch - 1]
        if losses[epoch] < best - min_delta:
            best, since = losses[epoch], epoch
        elif (epoch - since) % patience == 0:
            rates[epoch] = np.maximum(rates[epoch] * factor, min_lr)
    return rates


@alternative("plateau_lr")
def as_a_callback(
    values,
    learning_rate,
    factor=0.1,
    patience=10,
    mode="min",
    min_delta=1e-4,
    min_lr=0.0,
):
    """In the manner of a library: a class that is told one value at a time."""

    class Watch:
        def __init__(self):
            self.best = np.inf if mode == "min" else -np.inf
            self.wait, self.rate = 0, learning_rate

        def see(self, value):
            if mode == "min":
                better = value + min_delta < self.best
            else:
                better = value - min_delta > self.best
            if better:
                self.best, self.wait = value, 0
                return self.rate
            self.wait += 1
            if self.wait == patience:
                self.wait = 0
                if self.rate > min_lr:
                    self.rate = max(self.rate * factor, min_lr)
            return self.rate

    watch = Watch()
    return tuple(watch.see(value) for value in values)
