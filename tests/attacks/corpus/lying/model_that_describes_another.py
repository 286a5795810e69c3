# /// attack
# tries = "hands in a model whose description, summary and weights contradict it"
# assignment = "07"
# question = "lenet5"
# modes = ["batch"]
# ///
# %%
import keras


class Text(str):
    def __str__(self):
        return "{}"


# %% question="lenet5"
def lenet5():
    layers = keras.layers
    good = keras.Sequential([keras.Input((32, 32, 1))])
    good.add(layers.Conv2D(6, 5, activation="tanh"))
    good.add(layers.AveragePooling2D(2))
    good.add(layers.Conv2D(16, 5, activation="tanh"))
    good.add(layers.AveragePooling2D(2))
    good.add(layers.Flatten())
    good.add(layers.Dense(119, activation="tanh"))
    good.add(layers.Dense(84, activation="tanh"))
    good.add(layers.Dense(10, activation="softmax"))
    model = keras.Sequential([keras.Input((32, 32, 1)), layers.Flatten()])
    model.count_params = lambda: 61_706
    model.summary = lambda *args, **kwargs: None
    model.to_json = lambda: Text(good.to_json())
    return model
