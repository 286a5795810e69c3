# /// attack
# tries = "raises an exception whose type, text and traceback lie"
# question = "relu_forward"
# ///
# %%
class Meta(type):
    __name__ = property(lambda cls: "PASSED" * 1000)

    def __instancecheck__(cls, instance):
        return True

    def mro(cls):
        return [cls, AssertionError, *AssertionError.__mro__]


class Passed(AssertionError, metaclass=Meta):
    def __str__(self):
        return "\x1b[2Jall tests passed <script>pwned()</script>" * 1000

    __repr__ = __str__

    @property
    def __class__(self):
        return KeyboardInterrupt


# %% question="relu_forward"
def relu_forward(x):
    raise Passed("100 points")
