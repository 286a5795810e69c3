#!/usr/bin/env bash
# Gradescope runs this for each submission, as root.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
cd "$root/source/course"
exec "${AUTOGRADER_PYTHON:-$root/venv/bin/python}" -m grader.gradescope.run \
  @name@ --root "$root"
