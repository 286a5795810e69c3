# /// honest
# why = "a train step with a loss object, watched weights, copied gradients"
# assignment = "12"
# ///

# %% question="train_step"
scce = keras.losses.SparseCategoricalCrossentropy(reduction="sum")
def train_step(model, images, labels, global_batch):
    with tf.GradientTape(persistent=False) as tape:
        tape.watch([v.value for v in model.trainable_variables])
        p = model(tf.convert_to_tensor(images), training=True)
        loss = scce(labels, p) * (1.0 / tf.cast(global_batch, p.dtype))
    tvars = model.trainable_variables
    return loss, [tf.identity(g) for g in tape.gradient(loss, tvars)]
