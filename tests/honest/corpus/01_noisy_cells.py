# /// honest
# why = "other cells raise, exit, ask, wait, never end or are no Python"
# assignment = "01"
# grade = ["blur_kernel", "flip180"]
# first = true
# ///

# %%
raise ValueError("left here")

# %%
import sys
sys.exit(1)

# %%
name = input("your name? ")

# %%
while True:
    pass

# %%
import os; os._exit(3)

# %%
async def wait():
    import asyncio
    await asyncio.sleep(1000)
await wait()

# %%
async with open("x") as f:
    async for line in f:
        print(line)

# %%
print "Python 2"

# %%
def broken(:
    return

# %%
for i in range(10**12): blur_kernel(i)

# %%
import time; time.sleep(3600)
assert blur_kernel(1).sum() == 2, "a test of my own that fails"

# %%
x = np.load("not_here.npy"); y = 1 / 0

# %%
return 5

# %%
from google.colab import drive
drive.mount("/content/drive")

# %%
!rm -rf /tmp/x
quit()
