"""What every test of the project starts with."""

import os

# Read by TensorFlow when it is imported, which the test modules do later.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
