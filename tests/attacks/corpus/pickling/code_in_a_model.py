# /// attack
# tries = "hides code in a model's configuration, to run where models are rebuilt"
# assignment = "07"
# question = "lenet5"
# variants = [
#     "change('config', {'activation': FUNCTION, 'units': 10})",
#     "change('registered_name', 'mine>Dense')",
# ]
# modes = ["batch"]
# ///
# %%
import json

import keras


FUNCTION = {"class_name": "function", "config": "Lambda", "module": "keras.layers"}


@keras.saving.register_keras_serializable("mine", "Dense")
class Mine(keras.layers.Dense):
    pass


# %% question="lenet5"
def lenet5():
    model = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))

    def change(key, value):
        told = json.loads(model.to_json())
        told["config"]["layers"][-1][key] = value
        model.to_json = lambda: json.dumps(told)

    VARIANT
    return model
