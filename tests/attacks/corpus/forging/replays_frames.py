# /// attack
# tries = "records the worker's replies and sends them again in place of later ones"
# question = "relu_forward"
# ///
# %%
SENT = []


# %% question="relu_forward"
def relu_forward(x):
    import sys

    Connection = sys.modules["grader.protocol.frames"].Connection
    send = Connection.send

    def again(self, payload, timeout_s=None):
        SENT.append(payload)
        send(self, SENT[0])
        send(self, payload)

    if not SENT:
        Connection.send = again
    return x
