"""Reports of one grading, each a pure function of the `Report`."""
