# /// honest
# why = "activations as layers and operations, explicit padding, models inside models, odd names"
# assignment = "07"
# grade = ["mnist_bn_cnn"]
# ///

# %% question="lenet5"
def lenet5(name="мой LeNet"):
    def block(filters, k):
        def apply(t):
            t = keras.layers.Conv2D(filters, k)(t)
            t = keras.layers.Activation("tanh")(t)
            return keras.layers.AveragePooling2D(2)(t)
        return apply
    inp = keras.Input(shape=(32, 32, 1), batch_size=None, name="bild", dtype="float32")
    features = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(6, 5, activation="tanh"), keras.layers.AveragePooling2D(2)], name="stage1")
    x = features(inp)
    x = block(16, [5, 5])(x)
    x = keras.layers.Reshape((-1,))(x)
    for i, units in enumerate((120, 84)):
        x = keras.ops.tanh(keras.layers.Dense(units, name=f"fc{i}")(x))
    out = keras.ops.softmax(keras.layers.Dense(10)(x))
    return keras.models.Model(inputs=[inp], outputs=[out], name="net")

# %% question="mnist_bn_cnn"
def mnist_bn_cnn(verbose=False):
    i = keras.layers.Input((28, 28, 1))
    h = i
    for n in [16, 32]:
        h = keras.layers.ZeroPadding2D(padding=(2, 2))(h)
        h = keras.layers.Conv2D(n, kernel_size=5, padding="valid", name=f"conv_{n}")(h)
        h = keras.layers.BatchNormalization(name=f"bn_{n}")(h)
        h = keras.ops.relu(h)
        h = keras.layers.MaxPool2D(pool_size=2, padding="valid")(h)
    h = keras.layers.Flatten()(h)
    return keras.Model(i, keras.layers.Dense(10, activation="linear")(h))

# %% question="task_cnn"
class TaskNet(keras.Model):
    """Not returned: only builds."""

class Builder:
    layers = keras.layers
    def __init__(self): self.stack = []
    def __getattr__(self, kind):
        def add(*args, **kwargs):
            self.stack.append(getattr(self.layers, kind)(*args, **kwargs))
            return self
        return add
    def model(self, shape):
        x = inputs = keras.Input(shape)
        for layer in self.stack: x = layer(x)
        return keras.Model(inputs, x)

def task_cnn():
    return (Builder().Conv2D(64, 3, 2).ReLU().Conv2D(32, 2, padding="same").ReLU()
            .MaxPooling2D(2, 1).Dropout(0.35).Flatten().Dense(256).Activation(keras.activations.tanh)
            .Dropout(0.5).Dense(10).Softmax().model((28, 28, 1)))
