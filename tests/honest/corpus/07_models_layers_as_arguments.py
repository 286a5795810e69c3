# /// honest
# why = "activations as layers given as arguments, a dense layer on one pixel, zeros in two steps, dense layers as convolutions"
# assignment = "07"
# grade = ["lenet5", "task_cnn"]
# ///

# %% question="lenet5"
def lenet5():
    i = keras.Input((32, 32, 1))
    x = keras.layers.Conv2D(6, 5, activation=keras.layers.Activation("tanh"), data_format="channels_last")(i)
    x = keras.layers.AveragePooling2D(2)(x)
    x = keras.layers.Conv2D(16, 5, activation=keras.layers.Activation(keras.ops.tanh))(x)
    x = keras.layers.AveragePooling2D(2, padding="same")(x)
    x = keras.layers.Conv2D(120, (5, 5), activation="tanh")(x)
    x = keras.layers.Dense(84, activation="tanh")(x)
    x = keras.layers.Dense(10, activation=keras.layers.Softmax(axis=-1))(x)
    return keras.Model(i, keras.layers.Flatten()(x))


# %% question="mnist_bn_cnn"
def mnist_bn_cnn():
    i = keras.Input((28, 28, 1)); x = i
    for f in [16, 32]:
        x = keras.layers.ZeroPadding2D(1)(x)
        x = keras.layers.ZeroPadding2D((1, 1))(x)
        x = keras.layers.Conv2D(f, 5)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.Activation("relu")(x)
        x = keras.layers.MaxPooling2D((2, 2), None)(x)
    return keras.Model(i, keras.layers.Flatten()(keras.layers.Conv2D(10, (7, 7), padding="valid")(x)))


# %% question="task_cnn"
def task_cnn():
    m = keras.Sequential([keras.Input((28, 28, 1)),
        keras.layers.Conv2D(64, 3, strides=2, activation="relu"),
        keras.layers.Conv2D(32, 2, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2, strides=1),
        keras.layers.Dropout(.35),
        keras.layers.Conv2D(256, 12, activation="tanh"),
        keras.layers.Flatten(),
        keras.layers.Dropout(.5),
        keras.layers.Dense(10, activation="softmax")])
    return m
