"""What the notebooks and the solutions are built on: shapes, layers, models, training.

Importing this package imports nothing else: TensorFlow starts only with the
subpackage that needs it.
"""
