# /// attack
# tries = "has Keras or TensorFlow convolve, though its layer must not"
# assignment = "04"
# question = "MyConv2D"
# variants = [
#     "in_a_thread_of_tensorflow(x, k, s, p, d)",
#     "asked_of_another_python(x, k, s, p, d)",
# ]
# modes = ["batch"]
# ///
# %%
import gc
import subprocess
import sys

import keras
import tensorflow as tf
from tensorflow.python.eager import context


def freed(x, k, s, p, d):
    for found in gc.get_objects():
        if type(found).__name__ == "Guard":
            found.forbid, found._running, found._raise = (), False, print
    context.context()._thread_local_data.op_callbacks = []
    return tf.raw_ops.Conv2D(
        input=x, filter=k, strides=[1, *s, 1], padding=p, dilations=[1, *d, 1]
    )


def in_a_thread_of_tensorflow(x, k, s, p, d):
    one = tf.data.Dataset.from_tensors(0).map(
        lambda _: tf.py_function(lambda _: freed(x, k, s, p, d), [0], tf.float32)
    )
    return next(iter(one))


def asked_of_another_python(x, k, s, p, d):
    code = "import sys, pickle, tensorflow as tf; a = pickle.load(sys.stdin.buffer)"
    code += "; sys.stdout.buffer.write(pickle.dumps(tf.nn.conv2d(*a).numpy()))"
    return subprocess.check_output([sys.executable, "-c", code])


# %% question="MyConv2D"
def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class MyConv2D(keras.layers.Conv2D.__base__):
    def __init__(self, filters, kernel_size, **settings):
        super().__init__(2, filters, kernel_size, **settings)

    def call(self, inputs):
        s, d, p = pair(self.strides), pair(self.dilation_rate), self.padding.upper()
        outputs = []
        kernels = tf.split(tf.convert_to_tensor(self.kernel), self.groups, axis=-1)
        for x, k in zip(tf.split(inputs, self.groups, axis=-1), kernels, strict=True):
            outputs.append(VARIANT)
        out = tf.concat(outputs, -1)
        return self.activation(out + self.bias if self.use_bias else out)
