# /// honest
# why = "activations as tf.nn functions, tf.keras, add, build, compile and summary inside"
# assignment = "07"
# grade = ["lenet5"]
# ///

# %%
from tensorflow.keras import Sequential, Model, Input, models
from tensorflow.keras.layers import *
from tensorflow.keras.optimizers import Adam

# %% question="lenet5"
def lenet5():
    m = Sequential(name="LeNet-5")
    m.add(InputLayer(shape=(32, 32, 1)))
    m.add(Conv2D(filters=6, kernel_size=(5, 5), strides=(1, 1), padding="valid", activation=tf.nn.tanh, name="c1"))
    m.add(AveragePooling2D(pool_size=(2, 2), strides=2))
    m.add(Conv2D(16, (5, 5), activation=tf.math.tanh))
    m.add(AvgPool2D(2))
    m.add(Conv2D(120, 5, activation=tf.keras.activations.tanh))
    m.add(Flatten())
    m.add(Dense(84, activation=tf.tanh))
    m.add(Dense(10, activation=tf.nn.softmax))
    m.compile(optimizer=Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    m.summary()
    return m

# %% question="mnist_bn_cnn"
def mnist_bn_cnn():
    model = tf.keras.models.Sequential([
        Conv2D(16, 5, padding="SAME", input_shape=(28, 28, 1)),
        BatchNormalization(), Activation(tf.nn.relu), MaxPool2D(),
        Conv2D(32, 5, padding="same"),
        BatchNormalization(axis=-1), Activation("relu"), MaxPooling2D((2, 2)),
        Flatten(), Dense(10, activation=None),
    ])
    print(model.output_shape)
    return model

# %% question="task_cnn"
def task_cnn():
    model = models.Sequential()
    model.add(Conv2D(64, (3, 3), strides=(2, 2), activation=tf.nn.relu, kernel_initializer=tf.keras.initializers.HeNormal(seed=1)))
    model.add(Conv2D(32, (2, 2), padding="same", activation=keras.activations.relu, kernel_regularizer=keras.regularizers.L2(1e-6)))
    model.add(MaxPooling2D((2, 2), (1, 1)))
    model.add(Dropout(rate=.35, seed=7))
    model.add(Flatten(data_format="channels_last"))
    model.add(Dense(256, "tanh"))
    model.add(Dropout(.5))
    model.add(Dense(10)); model.add(Softmax(axis=-1))
    model.build(input_shape=(None, 28, 28, 1))
    return model
