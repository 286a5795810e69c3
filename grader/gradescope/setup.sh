#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the machine.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"

# Hidden tests are root's alone, and on top of that out of a student's sight.
chown -R "$(id -u):$(id -g)" "$source"
chmod -R go-rwx "$source"
chmod go+rx "$source" "$source/course"
chmod -R go+rX "$source/course/shared"

if [[ -n "${AUTOGRADER_PYTHON:-}" ]]; then
  exit 0 # a Python that has everything
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3 python3-venv @packages@
if ! python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
  echo "needs Python 3.11 to 3.13, and this machine has $(python3 -V): choose Ubuntu 24.04" >&2
  exit 1
fi
python3 -m venv "$root/venv"
"$root/venv/bin/python" -m pip install --quiet -r "$source/course/requirements.txt"
chmod -R go+rX "$root/venv"
