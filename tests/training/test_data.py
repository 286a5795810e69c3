"""Which image is in which batch."""

import itertools
import time

import numpy as np
import pytest
import tensorflow as tf

from shared.training import strategy
from shared.training.batches import Plan, batches, whole_batches
from shared.training.crops import FlipCrop
from shared.training.examples import Examples, examples
from tests.training.networks import make_blobs

SIZE, BATCH = 23, 5


def numbered():
    """Images whose every pixel is their index."""
    labels = np.arange(SIZE)
    return np.broadcast_to(labels[:, None, None, None], (SIZE, 2, 3, 1)).astype(
        np.uint8
    ), labels


def streamed():
    data = tf.data.Dataset.from_tensor_slices(numbered())
    return Examples(SIZE, (2, 3, 1), stream=data)


SOURCES = {"in memory": lambda: examples(numbered()), "stream": streamed}


def steps(source, count, **plan):
    data = whole_batches(source, Plan(BATCH, **plan)).take(count)
    return [y.numpy().tolist() for _, y, _ in data]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
class TestOrder:
    def test_each_epoch_has_every_image_once_in_an_order_of_its_own(self, source):
        lines = steps(source(), 10, shuffle=True, seed=3)
        epochs = [list(itertools.chain(*part)) for part in (lines[:5], lines[5:])]
        assert [len(line) for line in lines] == [5, 5, 5, 5, 3] * 2
        assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(SIZE))
        assert epochs[0] != epochs[1]
        assert epochs[0] != list(range(SIZE))

    def test_the_seed_decides(self, source):
        one, again, *others = (
            steps(source(), 7, shuffle=True, seed=seed)
            for seed in (3, 3, 4, 2**15 + 3, 2**31 + 3)
        )
        assert one == again
        assert one not in others

    def test_a_run_can_begin_at_any_step(self, source):
        whole = steps(source(), 9, shuffle=True, seed=3)
        for first in (1, 4, 5, 7):
            part = steps(source(), 9 - first, shuffle=True, seed=3, first_step=first)
            assert part == whole[first:]

    def test_without_shuffling_the_order_is_the_given_one(self, source):
        assert list(itertools.chain(*steps(source(), 5))) == list(range(SIZE))

    def test_replicas_share_each_batch(self, two, source):
        whole = steps(source(), 5, shuffle=True, seed=3)
        parts = iter(batches(source(), Plan(BATCH, 3, True), two))
        for labels in whole:
            _, y, weights = next(parts)
            pieces = [each.numpy() for each in two.experimental_local_results(y)]
            shares = [each.numpy() for each in two.experimental_local_results(weights)]
            assert np.concatenate(pieces).tolist() == labels
            assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
            assert np.concatenate(shares).sum() == pytest.approx(1)

    def test_a_replica_without_an_image_gets_one_that_counts_for_nothing(
        self, two, source
    ):
        parts = iter(batches(source(), Plan(SIZE - 1), two))
        next(parts)
        x, y, weights = (two.experimental_local_results(p) for p in next(parts))
        assert [len(each) for each in x] == [1, 1]
        assert sorted(float(each[0]) for each in weights) == [0, 1]
        assert float(weights[1][0]) == 1
        assert int(y[1][0]) == SIZE - 1

    def test_augmentation_follows_the_image_not_the_replica(self, two, source):
        seeds = []

        def noted(x, bits):
            """An image of its own random bits."""
            ones = tf.ones_like(x, tf.float32)
            return ones * tf.cast(bits[:, 0] % 256, tf.float32)[:, None, None, None]

        plan = Plan(BATCH, 3, True, augment=noted)
        alone = [
            x.numpy()[:, 0, 0, 0] for x, *_ in whole_batches(source(), plan).take(6)
        ]
        both = iter(batches(source(), plan, two))
        for expected in alone:
            x, *_ = next(both)
            pieces = [each.numpy() for each in two.experimental_local_results(x)]
            seeds.extend(expected)
            assert np.concatenate(pieces)[:, 0, 0, 0].tolist() == expected.tolist()
        assert len(set(seeds)) > 15


def test_nobody_waits_for_the_tuner_at_the_end(two):
    """TensorFlow's own sleeps for seconds, and an iterator's end waits for it."""
    source = examples(numbered())
    assert whole_batches(source, Plan(BATCH)).options().autotune.enabled is False
    iterator = iter(batches(source, Plan(BATCH), two))
    began = time.monotonic()
    while time.monotonic() - began < 3:
        next(iterator)
    ended = time.monotonic()
    del iterator
    assert time.monotonic() - ended < 1


def test_flip_crop_takes_every_window_of_the_padded_image():
    image = np.arange(1, 13, dtype=np.uint8).reshape(1, 3, 4, 1)
    padded = np.pad(image[0, :, :, 0], 1)
    windows = {}
    for down, right in itertools.product(range(3), repeat=2):
        window = padded[down : down + 3, right : right + 4]
        windows[window.tobytes()] = (down, right, False)
        windows[window[:, ::-1].tobytes()] = (down, right, True)
    many = np.repeat(image, 600, axis=0)
    rng = np.random.default_rng(0)
    bits = rng.integers(-(2**31), 2**31, (600, 2)).astype(np.int32)
    out = FlipCrop(1)(tf.constant(many), tf.constant(bits)).numpy()
    assert out.dtype == np.uint8
    seen = [windows[each[:, :, 0].tobytes()] for each in out]
    # 18 cases, 33 times each on average.
    assert set(seen) == set(windows.values())
    assert 0.4 < np.mean([flipped for *_, flipped in seen]) < 0.6
    unflipped = FlipCrop(1, flip=False)(tf.constant(many), tf.constant(bits)).numpy()
    assert not any(windows[each[:, :, 0].tobytes()][2] for each in unflipped)


def test_a_strategy_of_one_device_changes_nothing():
    assert strategy("one").num_replicas_in_sync == 1


def test_a_batch_of_datasets_is_taken_apart():
    x, y = make_blobs()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(10)
    source = examples(data)
    assert source.size == 103
    assert np.array_equal(source.images, x)
    assert np.array_equal(source.labels, y)


def test_augmented_images_keep_their_range():
    """Floats made of uint8 images come back as such, rounded and cut off."""
    plan = Plan(5, augment=lambda x, _: tf.cast(x, tf.float32) * 20.3 - 9)
    x, *_ = next(iter(whole_batches(examples(numbered()), plan)))
    assert x.dtype == tf.uint8
    assert x.numpy()[:, 0, 0, 0].tolist() == [0, 11, 32, 52, 72]
    images, labels = numbered()
    floats = examples((images / np.float32(4), labels))
    x, *_ = next(iter(whole_batches(floats, plan)))
    assert x.numpy()[:, 1, 2, 0] == pytest.approx(np.arange(5) / 4 * 20.3 - 9)
