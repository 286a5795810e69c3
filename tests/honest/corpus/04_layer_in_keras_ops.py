# /// honest
# why = "the layer in keras.ops, registered, with type hints and properties"
# assignment = "04"
# ///

# %% question="MyConv2D"
from __future__ import annotations
from keras import ops, layers, initializers, activations
import keras as K

@K.saving.register_keras_serializable(package="mine")
class MyConv2D(layers.Layer):
    """My convolution."""

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], strides=(1, 1), padding: str = "valid",
                 dilation_rate=1, groups: int = 1, activation=None, use_bias: bool = True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros", **kw) -> None:
        super().__init__(**kw)
        two = lambda v: (v, v) if isinstance(v, int) else tuple(int(i) for i in v)
        self.filters, self.padding, self.groups, self.use_bias = filters, padding.lower(), groups, use_bias
        self.k, self.s, self.d = map(two, (kernel_size, strides, dilation_rate))
        self.act = activation
        self.ki, self.bi = kernel_initializer, bias_initializer

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(*self.k, input_shape[-1] // self.groups, self.filters), initializer=self.ki, name="w")
        self.b = self.add_weight(shape=(self.filters,), initializer=self.bi, name="b") if self.use_bias else None
        super().build(input_shape)

    def _pad(self, n, axis):
        if self.padding != "same":
            return 0, 0
        span = (self.k[axis] - 1) * self.d[axis] + 1
        total = ops.maximum((-(-n // self.s[axis]) - 1) * self.s[axis] + span - n, 0)
        return total // 2, total - total // 2

    def call(self, inputs, training=None):
        shape = ops.shape(inputs)
        (t, b), (l, r) = self._pad(shape[1], 0), self._pad(shape[2], 1)
        import tensorflow as tf
        x = tf.pad(inputs, [[0, 0], [t, b], [l, r], [0, 0]])
        h, w = ops.shape(x)[1:3]
        oh = (h - (self.k[0] - 1) * self.d[0] - 1) // self.s[0] + 1
        ow = (w - (self.k[1] - 1) * self.d[1] - 1) // self.s[1] + 1
        cg = self.kernel.shape[2]
        fg = self.filters // self.groups
        parts = []
        for g in range(self.groups):
            total = 0.0
            for i in range(self.k[0]):
                for j in range(self.k[1]):
                    top, left = i * self.d[0], j * self.d[1]
                    seen = x[:, top:top + (oh - 1) * self.s[0] + 1:self.s[0], left:left + (ow - 1) * self.s[1] + 1:self.s[1], g * cg:(g + 1) * cg]
                    total = total + ops.einsum("nhwc,cf->nhwf", seen, self.kernel[i, j, :, g * fg:(g + 1) * fg])
            parts.append(total)
        y = ops.concatenate(parts, axis=-1)
        if self.b is not None:
            y = ops.add(y, self.b)
        return activations.get(self.act)(y)

    def compute_output_shape(self, input_shape):
        out = []
        for n, k, s, d in zip(input_shape[1:3], self.k, self.s, self.d):
            if n is None: out.append(None)
            elif self.padding == "same": out.append((n + s - 1) // s)
            else: out.append((n - (k - 1) * d - 1) // s + 1)
        return [input_shape[0]] + out + [self.filters]

    def get_config(self):
        config = super().get_config()
        config.update(filters=self.filters, kernel_size=list(self.k), strides=list(self.s), padding=self.padding,
                      dilation_rate=list(self.d), groups=self.groups, activation=self.act, use_bias=self.use_bias,
                      kernel_initializer=self.ki, bias_initializer=self.bi)
        return config

layer = MyConv2D(2, 3)
print(layer(np.zeros((1, 5, 5, 1))).shape)
layer.summary = lambda: None
