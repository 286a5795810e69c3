"""load and load_arrays: where they look, what they prepare, what they say."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from shared.datasets import (
    DATASETS,
    DatasetError,
    digits_arrays,
    info,
    load,
    load_arrays,
)
from shared.datasets import loading as loading_module
from shared.datasets.folders import add, find
from shared.datasets.records import _features

CLOSED = "http://127.0.0.1:9"  # the discard port: nobody listens


def tiny_builder(name, folder, counts, encoding="png"):
    """Returns a builder with a few random images in place of a published set."""
    shape = info(name).image_shape
    rng = np.random.default_rng(0)

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("3.0.9")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(
                    {
                        "id": tfds.features.Text(),
                        "image": tfds.features.Image(
                            shape=shape, encoding_format=encoding
                        ),
                        "label": tfds.features.ClassLabel(num_classes=10),
                        "weight": np.float32,
                    }
                ),
                supervised_keys=("image", "label"),
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(split) for split in counts}

        def _generate_examples(self, split):
            for key in range(counts[split]):
                image = rng.integers(0, 256, shape, np.uint8)
                label = int(rng.integers(10))
                yield (
                    key,
                    {"id": f"n{key}", "image": image, "label": label, "weight": 0.5},
                )

    Tiny.name = name
    return Tiny(data_dir=folder)


def collect(dataset):
    images, labels = zip(*dataset.as_numpy_iterator(), strict=True)
    return np.stack(images), np.stack(labels)


def assert_same(pair, other):
    for a, b in zip(pair, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A folder as an instructor prepares it: MNIST in three files, and CIFAR-10."""
    folder = tmp_path_factory.mktemp("course_data")
    mnist = tiny_builder("mnist", folder, {"train": 23, "test": 7})
    sharded = tfds.download.DownloadConfig(num_shards=3)
    mnist.download_and_prepare(download_config=sharded)
    tiny_builder("cifar10", folder, {"train": 5}, "jpeg").download_and_prepare()
    return folder


@pytest.fixture
def places(tiny, tmp_path, monkeypatch):
    """The tiny folder as COURSE_DATA_DIR, nothing elsewhere, and no network."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tiny))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "own"))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, CLOSED)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    return tmp_path / "own"


@pytest.mark.parametrize(
    "split", ["train", "test", "train[5:19]+test[-2:]", "train[30%:]"]
)
def test_arrays_and_dataset_agree_across_files(places, split):
    arrays = load_arrays("mnist", split)
    assert arrays[0].shape[1:] == (28, 28, 1)
    assert_same(arrays, collect(load("mnist", split)))


def test_jpeg_images_are_decoded_by_tensorflow_in_both_cases(places):
    assert_same(load_arrays("cifar10"), collect(load("cifar10")))
    assert load_arrays("cifar10", "train[:3]")[0].shape == (3, 32, 32, 3)


def test_the_dataset_knows_its_shapes(places):
    image, label = load("mnist", "train[:4]").element_spec
    assert (image.shape, image.dtype) == ((28, 28, 1), tf.uint8)
    assert (label.shape, label.dtype) == ((), tf.int64)
    assert len(load("mnist", "train[:6000]")) == 23


def test_folders_in_order(places, tiny, monkeypatch, tmp_path):
    small = tiny_builder("mnist", places, {"train": 2})
    small.download_and_prepare()
    assert len(load_arrays("mnist")[0]) == 23, "COURSE_DATA_DIR comes first"
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "absent"))
    assert len(load_arrays("mnist")[0]) == 2, "then tensorflow-datasets' own folder"
    assert len(load_arrays("mnist", data_dir=tiny)[0]) == 23, "an argument beats both"


def test_the_newest_version_is_taken(tmp_path, tiny, monkeypatch):
    for version in ("3.0.9", "3.0.10"):
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / version).symlink_to(tiny / "mnist" / "3.0.9")
    (tmp_path / "mnist" / "incomplete.4.0.0").mkdir()
    assert find(info("mnist"), [tmp_path]).path.name == "3.0.10"
    assert find(info("digits"), [tmp_path]) is None


def test_without_data_and_network_one_line_says_what_to_do(places, monkeypatch, capfd):
    monkeypatch.delenv("COURSE_DATA_DIR")
    start = time.perf_counter()
    for function in (load, load_arrays):
        with pytest.raises(DatasetError) as raised:
            function("mnist")
        message = str(raised.value)
        assert "\n" not in message
        for word in (str(places), "COURSE_DATA_DIR", "connection", '"digits"'):
            assert word in message
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None
    with pytest.raises(DatasetError, match="is not in"):
        load("cifar10", download=False)
    assert time.perf_counter() - start < 10
    assert not places.exists()
    assert capfd.readouterr() == ("", "")


class Broken:
    """Stands for a download that ends halfway."""

    def __init__(self, folder):
        self.folder = folder

    def download_and_prepare(self):
        (self.folder / "mnist" / "incomplete.3.0.1").mkdir(parents=True)
        print("noise")
        raise ConnectionError("line one\nline two")


def test_a_broken_download_leaves_nothing(places, monkeypatch, capfd):
    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.setattr(loading_module, "_reachable", lambda url: True)
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: Broken(data_dir))
    with pytest.raises(DatasetError, match=r"ConnectionError: line one line two"):
        load("mnist")
    assert not places.exists()
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"Fetching mnist (12 MB) into {places}, this once ...\n"


def test_a_download_is_kept(places, monkeypatch, capfd):
    monkeypatch.delenv("COURSE_DATA_DIR")
    monkeypatch.setattr(loading_module, "_reachable", lambda url: True)
    monkeypatch.setattr(
        tfds,
        "builder",
        lambda name, data_dir: tiny_builder(name, data_dir, {"train": 3}),
    )
    assert len(load("mnist")) == 3
    monkeypatch.undo()
    assert len(load_arrays("mnist", data_dir=places)[0]) == 3
    assert [path.name for path in places.iterdir()] == ["mnist"]
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_digits_prepare_themselves_without_a_word(places):
    """In a fresh process, as in a student's first notebook."""
    code = (
        "from shared.datasets import load; print(len(load('digits', 'train[:6000]')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert run.stdout == "1433\n"
    assert run.stderr == ""
    assert [path.name for path in places.iterdir()] == ["digits"]
    for split in ("train", "test[:20]"):
        assert_same(digits_arrays(split), collect(load("digits", split)))


def test_digits_fall_back_to_a_temporary_folder(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.write_text("not a folder")
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    monkeypatch.setenv("TFDS_DATA_DIR", str(closed))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert len(load("digits", "test")) == 364
    (spare,) = tmp_path.glob("cnn-course-*")
    assert spare.stat().st_mode & 0o777 == 0o700
    assert len(load("digits", "test")) == 364  # now from there
    monkeypatch.setattr("tempfile.tempdir", str(closed))
    with pytest.raises(DatasetError, match="set TFDS_DATA_DIR"):
        load("digits")


def test_processes_that_prepare_at_once_end_with_one_copy(tmp_path, tiny):
    together = threading.Barrier(4, timeout=30)
    results = []

    def write(scratch):
        (scratch / "mnist").mkdir()
        os.system(f"cp -r '{tiny}/mnist/3.0.9' '{scratch}/mnist/3.0.9'")
        together.wait()  # all rename at the same moment

    def prepare():
        results.append(add(info("mnist"), tmp_path / "root", write))

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert {p.path for p in results} == {tmp_path / "root" / "mnist" / "3.0.9"}
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["mnist"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "dataset_info.json").write_text("{"), "cannot be read"),
        (lambda d: (d / "dataset_info.json").write_text("{}"), "cannot be read"),
        (lambda d: next(d.glob("*-00001-of-*")).unlink(), "is missing"),
        (lambda d: os.truncate(next(d.glob("*-train*-00002-of-*")), 900), "too early"),
    ],
    ids=["no json", "empty", "a file missing", "a file cut off"],
)
def test_damaged_data_is_named(tmp_path, tiny, damage, message):
    import shutil

    folder = shutil.copytree(tiny / "mnist", tmp_path / "mnist") / "3.0.9"
    damage(folder)
    with pytest.raises(DatasetError, match=message) as raised:
        load_arrays("mnist", data_dir=tmp_path)
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_safe_changes_are_keras_layers():
    import keras

    for facts in DATASETS.values():
        assert facts.label_safe
        for layer in facts.label_safe:
            assert issubclass(getattr(keras.layers, layer), keras.layers.Layer)
    assert "RandomFlip" not in info("mnist").label_safe
    assert "RandomFlip" in info("cifar10").label_safe


def test_unknown_names_are_told_what_there_is():
    with pytest.raises(DatasetError, match='"digits", "mnist", "cifar10"'):
        load("mnits")


def test_a_notebook_shows_the_line_alone(capsys, monkeypatch, tmp_path):
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell().run_cell("from shared.datasets import load; load('mnits')")
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "DatasetError: name: no data set 'mnits'; there are "
        '"digits", "mnist", "cifar10"'
    ]


@pytest.mark.parametrize("label", [0, 9, 127, 128, 300, 2**40, -1])
def test_examples_are_parsed_as_tensorflow_writes_them(label):
    feature = tf.train.Feature
    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                "image": feature(bytes_list=tf.train.BytesList(value=[b"\x00" * 200])),
                "label": feature(int64_list=tf.train.Int64List(value=[label])),
                "many": feature(int64_list=tf.train.Int64List(value=[7, 300])),
                "weight": feature(float_list=tf.train.FloatList(value=[1.5])),
                "empty": feature(),
                "none": feature(int64_list=tf.train.Int64List()),
            }
        )
    )
    parsed = _features(example.SerializeToString())
    assert parsed["image"] == b"\x00" * 200
    assert parsed["label"] == label
    assert parsed["many"] == 7
    assert "none" not in parsed


MNIST_LABELS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def prepared(name):
    """Skips a test on real data where there is none."""
    root = os.environ.get("COURSE_DATA_DIR")
    if not root:
        return pytest.mark.skip(reason="COURSE_DATA_DIR is not set")
    there = os.path.isdir(os.path.join(root, name))
    return pytest.mark.skipif(not there, reason=f"no {name} in COURSE_DATA_DIR")


@prepared("mnist")
def test_real_mnist():
    x, y = load_arrays("mnist")
    assert x.shape == (info("mnist").train_size, 28, 28, 1)
    assert np.bincount(y).tolist() == MNIST_LABELS
    assert abs(x.mean() / 255 - 0.1307) < 5e-5
    assert_same(
        load_arrays("mnist", "test[-300:]"), collect(load("mnist", "test[-300:]"))
    )


@prepared("cifar10")
def test_real_cifar10():
    x, y = load_arrays("cifar10", "test")
    assert x.shape == (info("cifar10").test_size, 32, 32, 3)
    assert np.bincount(y).tolist() == [1000] * info("cifar10").classes
    means = x.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(means, [0.494, 0.485, 0.450], atol=5e-3)
