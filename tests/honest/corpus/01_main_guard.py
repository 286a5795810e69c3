# /// honest
# why = "written as a program: shebang, argument parser, main guard, self tests"
# assignment = "01"
# script = true
# ///

# %% question="blur_kernel"
#!/usr/bin/env python3
# -*- coding: utf-8 -*-
import argparse
import unittest

__version__ = "1.0"
__all__ = ["blur_kernel"]

def blur_kernel(radius):
    n = 2 * radius + 1
    return np.ones((n, n)) / n ** 2

class TestBlur(unittest.TestCase):
    def test_sum(self):
        self.assertAlmostEqual(blur_kernel(2).sum(), 1)

def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("radius", type=int)
    radius = parser.parse_args(argv).radius
    print(blur_kernel(radius))

if __name__ == "__main__":
    blur_kernel = blur_kernel
    unittest.main(argv=[""], exit=False)
    raise SystemExit(main())
