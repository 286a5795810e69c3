# /// attack
# tries = "has Keras count, describe and call a small model as LeNet-5"
# assignment = "07"
# question = "lenet5"
# modes = ["batch"]
# ///
# %%
import keras


# %% question="lenet5"
def lenet5():
    layers = keras.layers
    model = keras.Sequential([keras.Input((32, 32, 1)), layers.Flatten()])
    model.add(layers.Dense(10, activation="softmax"))
    keras.Model.count_params = lambda self: 61_706
    keras.Model.__call__ = lambda self, x, **rest: 0
    keras.Model.get_weights = lambda self: []
    keras.layers.Layer.get_weights = lambda self: []
    keras.layers.Layer.count_params = lambda self: 61_706
    keras.initializers.GlorotUniform.__call__ = lambda self, shape, dtype=None: 0
    return model
