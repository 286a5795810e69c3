# /// honest
# why = "mirrored training with datasets"
# assignment = "12"
# grade = ["mirrored_fit", "two_tower_alexnet"]
# ///

# %% question="mirrored_fit"
def mirrored_fit(model, images, labels, batch, epochs, learning_rate, replicas):
    print("training", model.name, flush=True)
    strategy = tf.distribute.MirroredStrategy(devices=["CPU:%d" % i for i in range(replicas)], cross_device_ops=tf.distribute.ReductionToOneDevice())
    print("Number of devices:", strategy.num_replicas_in_sync)
    with strategy.scope():
        net = keras.models.clone_model(model)
        net.set_weights(model.get_weights())
    history = []
    per_replica = lambda parts: strategy.experimental_distribute_values_from_function(lambda ctx: tf.convert_to_tensor(parts[ctx.replica_id_in_sync_group]))
    def one(x, y, n):
        loss, grads = train_step(net, x, y, n)
        ctx = tf.distribute.get_replica_context()
        grads = ctx.all_reduce("sum", grads)
        for v, g in zip(net.trainable_variables, grads):
            v.assign_sub(learning_rate * g) if replicas == 1 else v.value.assign_sub(learning_rate * g)
        return loss
    for epoch in range(epochs):
        for i in range(0, len(images), batch):
            x, y = images[i:i + batch], labels[i:i + batch]
            xs, ys = per_replica(np.array_split(x, replicas)), per_replica(np.array_split(y, replicas))
            l = strategy.run(one, args=(xs, ys, float(len(x))))
            history.append(strategy.reduce(tf.distribute.ReduceOp.SUM, l, axis=None).numpy())
    return net.get_weights(), history

# %% question="two_tower_alexnet"
def two_tower_alexnet(width, units, classes, input_shape):
    L = tf.keras.layers
    def tower(name, *fs):
        def run(x):
            for i, f in enumerate(fs):
                f._name = f"{name}_{i}"
                x = f(x)
            return x
        return run
    C = lambda f, k, **kw: L.Conv2D(f, k, padding=kw.pop("padding", "same"), activation=tf.nn.relu, **kw)
    P = lambda: L.MaxPool2D((3, 3), (2, 2))
    x = tf.keras.Input(shape=input_shape)
    a, b = (tower(n, C(width, 11, strides=4, padding="valid"), P(), C(width // 3 * 8, 5), P())(x) for n in "ab")
    m = L.concatenate([a, b])
    a, b = (tower(n + "2", C(4 * width, 3), C(4 * width, 3), C(width // 3 * 8, 3), P(), L.Flatten())(m) for n in "ab")
    for i in range(2):
        m = L.Concatenate(axis=1)([a, b])
        a, b = (L.Dropout(.5)(L.Dense(units, activation=tf.nn.relu)(m)) for _ in range(2))
    return tf.keras.Model(x, L.Dense(classes, activation=tf.nn.softmax)(L.concatenate([a, b])))
