"""What every small classifier must do, said in the student's terms."""

import numpy as np


def expect_shapes(model, input_shape, classes=10):
    """Fails unless the model maps images of `input_shape` to `classes` numbers."""
    given, returned = model.shapes()
    wanted = (None, *input_shape)
    assert given == wanted, f"the model's input must have shape {wanted}, not {given}"
    wanted = (None, classes)
    assert returned == wanted, (
        f"the model's output must have shape {wanted}, not {returned}"
    )


def expect_parameters(model, trainable, others=0):
    """Fails unless the model has exactly these numbers of parameters."""
    found, fixed = model.count_params()
    assert found == trainable, (
        f"the model must have {trainable:,} trainable parameters; it has {found:,}"
    )
    assert fixed == others, (
        f"the model must have {others:,} parameters that are not trained; it has "
        f"{fixed:,}"
    )


def expect_learns_by_heart(model, x, y, *, logits=False, share=0.6, steps=20):
    """Fails unless the loss on a few images falls to a share of what guessing costs.

    A right network that begins with Keras's own initialisers, or He's, is there after
    4 to 11 steps, with dropout and from any seed, and training ends; one with frozen or
    vanishing weights stays at the start. Larger steps overshoot at first.
    """
    guessing = np.log(10)
    how = {"learning_rate": 0.001, "logits": logits, "enough": share * guessing}
    losses = model.train(x, y, steps=steps, **how)
    last = np.mean(losses[-3:])
    assert last < share * guessing, (
        f"{steps} steps of Adam on {len(x)} images must lower the loss from "
        f"{guessing:.2f}, which guessing costs, to below {share * guessing:.2f}; it "
        f"went from {losses[0]:.2f} to {last:.2f}"
    )
