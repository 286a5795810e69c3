# /// attack
# tries = "takes all the memory that TensorFlow can get"
# assignment = "04"
# question = "MyConv2D"
# blank = true
# verdict = ["FAILED", "ERROR", "CRASHED", "TIMEOUT"]
# variants = [
#     "return tf.zeros((2**20, 2**20))",
#     "HELD.extend(tf.Variable(tf.ones((2**27,))) for _ in range(1000))",
#     "HELD.append(list(tf.data.Dataset.range(10**9).map(lambda i: tf.ones((2**24,))).cache().prefetch(100)))",
#     "return tf.foldl(lambda a, _: tf.concat([a, a], 0), tf.range(50), tf.ones((2**20,)), shape_invariants=None)",
#     "HELD.extend(keras.layers.Dense(2**16).build((None, 2**15)) for _ in range(99))",
#     "return tf.reshape(inputs, (2**62, 4, -1))",
# ]
# modes = ["batch"]
# ///
# %% question="MyConv2D"
import keras
import tensorflow as tf

HELD = []


class MyConv2D(keras.layers.Layer):
    def __init__(self, filters, kernel_size, **settings):
        super().__init__(name=settings.pop("name", None))
        self.filters, self.size = filters, kernel_size

    def build(self, shape):
        size = self.size if isinstance(self.size, tuple) else (self.size,) * 2
        self.kernel = self.add_weight(shape=(*size, shape[-1], self.filters))
        self.bias = self.add_weight(shape=(self.filters,))

    def compute_output_shape(self, shape):
        return shape

    def call(self, inputs):
        VARIANT
