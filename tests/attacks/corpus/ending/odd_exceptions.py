# /// attack
# tries = "raises what cannot be described"
# question = "relu_forward"
# variants = [
#     "class Odd(Exception):\n    def __str__(self): raise SystemExit('pwned')",
#     "class Odd(Exception):\n    def __str__(self): os._exit(0)",
#     "class Odd(Exception):\n    def __str__(self): return 'pwned ' * 10**7",
#     "class Odd(Exception):\n    def __str__(self): return 3",
#     "class Odd(BaseException):\n    __class__ = property(lambda self: 1 / 0)",
#     "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\nclass Odd(Exception, metaclass=Meta): pass",
#     "class Meta(type):\n    def __getattribute__(self, name): raise KeyboardInterrupt\nclass Odd(Exception, metaclass=Meta): pass",
#     "class Odd(Exception):\n    __traceback__ = property(lambda self: self)",
#     "class Odd(Exception):\n    def __getattribute__(self, name): raise SystemExit",
#     "Odd = type('\\x1b[2Jpwned' * 1000, (Exception,), {})",
#     "Odd = type('\\ud800', (Exception,), {'__module__': None})",
#     "class Odd(ExceptionGroup): pass\nOdd = lambda e=Odd: e('pwned', [e('x', [ValueError('\\x1b[2J')] * 9)] * 9)",
#     "Odd = lambda: 'not an exception'",
#     "Odd = lambda: None",
# ]
# ///
# %% question="relu_forward"
import os

VARIANT


def relu_forward(x):
    raise Odd()
