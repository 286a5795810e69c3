# /// attack
# tries = "remembers its layers, so that a configuration need not tell of them"
# assignment = "04"
# question = "MyConv2D"
# blank = true
# verdict = ["FAILED", "ERROR"]
# modes = ["batch"]
# ///
# %% question="MyConv2D"
import keras
import tensorflow as tf

SETTINGS = {}


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class MyConv2D(keras.layers.Layer):
    def __init__(self, filters=1, kernel_size=1, **settings):
        super().__init__(name=settings.get("name"))
        SETTINGS[self.name] = settings | {"filters": filters, "kernel_size": kernel_size}
        names = {"strides": 1, "dilation_rate": 1, "groups": 1, "padding": "valid"}
        self.how = names | settings
        self.filters, self.size = filters, pair(kernel_size)

    def build(self, shape):
        groups = self.how["groups"]
        first, second = (
            self.how.get(f"{part}_initializer", otherwise)
            for part, otherwise in (("kernel", "glorot_uniform"), ("bias", "zeros"))
        )
        kernel = (*self.size, shape[-1] // groups, self.filters)
        self.kernel = self.add_weight(shape=kernel, initializer=first)
        if self.how.get("use_bias", True):
            self.bias = self.add_weight(shape=(self.filters,), initializer=second)

    def span(self, size, axis):
        k, s, d = (
            pair(v)[axis]
            for v in (self.size, self.how["strides"], self.how["dilation_rate"])
        )
        reach, before, after = d * (k - 1) + 1, 0, 0
        if size is not None and self.how["padding"] == "same":
            total = tf.maximum((-(-size // s) - 1) * s + reach - size, 0)
            before, after = total // 2, total - total // 2
            size = size + total
        starts = range(0, reach, d)
        out = None if size is None else (size - reach) // s + 1
        return before, after, [(a, s, out) for a in starts], out

    def call(self, x):
        sizes = [x.shape[i] if x.shape[i] else tf.shape(x)[i] for i in (1, 2)]
        tops, lefts = (self.span(size, axis) for axis, size in enumerate(sizes))
        x = tf.pad(x, [(0, 0), tops[:2], lefts[:2], (0, 0)])
        groups, result = self.how["groups"], []
        for part, kernel in zip(
            tf.split(x, groups, axis=-1), tf.split(self.kernel, groups, axis=-1)
        ):
            total = 0
            for i, (a, s, rows) in enumerate(tops[2]):
                for j, (b, t, columns) in enumerate(lefts[2]):
                    seen = part[:, a : a + s * (rows - 1) + 1 : s]
                    seen = seen[:, :, b : b + t * (columns - 1) + 1 : t]
                    total += tf.tensordot(seen, kernel[i, j], 1)
            result.append(total)
        result = tf.concat(result, -1)
        if self.how.get("use_bias", True):
            result += self.bias
        return keras.activations.get(self.how.get("activation"))(result)

    def compute_output_shape(self, shape):
        same = self.how["padding"] == "same"
        strides = pair(self.how["strides"])
        sizes = [
            (s and -(-s // strides[axis])) if same else self.span(s, axis)[3]
            for axis, s in enumerate(shape[1:3])
        ]
        return (shape[0], *sizes, self.filters)

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**SETTINGS.get(config["name"], {}))
