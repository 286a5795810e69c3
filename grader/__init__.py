"""The autograder: hidden tests on the trusted side, student code in a sandbox."""
