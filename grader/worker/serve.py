"""The worker's side of the conversation: define, call, answer; nothing else."""

from __future__ import annotations
import __future__

import linecache
import os
import socket
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from grader.protocol import CodecError, Connection, ConnectionLost, decode, encode
from grader.worker import functions, handles, models, silent, values
from grader.worker.bindings import Bindings
from grader.worker.guard import CallNotAllowed, Guard
from grader.worker.seeds import Seeds

#: Student code lives in modules of this name; the guard knows them by it.
MODULE = "submission"
_MAX_MESSAGE = 1500
_MAX_FRAMES = 8
#: How a statement begins that may import what is perhaps not there.
_TRIES = ("try:", "try ", "with ")


class Answerer:
    """Answers requests to call names and to operate on what they returned.

    Args:
        names: the names that may be called.
        is_student: tells the student's source files by name.
    """

    #: What ends a call and no more. In a notebook, Ctrl-C ends the check as well.
    caught: tuple[type[BaseException], ...] = (Exception, SystemExit, GeneratorExit)

    def __init__(
        self, names: Mapping[str, Any], is_student: Callable[[str], bool]
    ) -> None:
        self._objects = values.Objects()
        self._names = names
        self._is_student = is_student
        self._seeds = Seeds()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Returns the reply to one request; raises only what is not `caught`."""
        try:
            return {"ok": getattr(self, f"_do_{request['op']}")(request)}
        except self.caught as error:
            return {"error": self._described(error)}

    def _described(self, error: BaseException) -> dict[str, Any]:
        return _describe(error, self._is_student)

    def _running(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _do_call(self, request: dict[str, Any]) -> Any:
        name = request["name"]
        function = self._named(name)
        args = self._objects.resolve(request["args"])
        kwargs = self._objects.resolve(request["kwargs"])
        with self._running():
            result = self._objects.portable(function(*args, **kwargs))
        if request["inputs_back"]:
            # Read after the call: this is how a change of an input shows.
            return result, self._objects.portable(list(args))
        return result

    def _named(self, name: str) -> Any:
        if name not in self._names:
            raise NameError(f"{name} is not defined")
        return self._names[name]

    def _do_operate(self, request: dict[str, Any]) -> Any:
        operation: Any = handles.OPERATIONS.get(request["operation"])
        if operation is None:
            raise ValueError(f"no operation {request['operation']!r}")
        args = self._objects.resolve(request["args"])
        kwargs = self._objects.resolve(request["kwargs"])
        if args and request["operation"] not in models.WITHOUT_WEIGHTS:
            models.draw_weights(args[0])
        with self._running():
            return self._objects.portable(operation(*args, **kwargs))

    def _do_load(self, request: dict[str, Any]) -> Any:
        """A model from its file, with a layer of the answer's in it."""
        args = self._objects.resolve(request["args"])
        classes = self._classes_beside(self._names.get(request["name"]))
        with self._running():
            return self._objects.portable(handles.load(classes, *args))

    @staticmethod
    def _classes_beside(answer: Any) -> dict[str, type]:
        """The answer's own classes, by name; a saved model may hold any of them."""
        module = sys.modules.get(str(getattr(answer, "__module__", "")))
        there = [*vars(module).items()] if module else []
        there += [(answer.__name__, answer)] if isinstance(answer, type) else []
        return {name: item for name, item in there if isinstance(item, type)}

    def _do_affine_map(self, request: dict[str, Any]) -> Any:
        return self._objects.portable(functions.affine_map(*request["args"]))

    def _do_generator(self, request: dict[str, Any]) -> Any:
        return self._objects.portable(functions.generator(*request["args"]))

    def _do_model(self, request: dict[str, Any]) -> Any:
        """A model of the test's, for the student's code to work on."""
        return self._objects.portable(models.from_rows(*request["args"]))

    def _do_copy(self, request: dict[str, Any]) -> Any:
        return self._objects.portable(models.from_blueprint(*request["args"]))

    def _do_as_model(self, request: dict[str, Any]) -> Any:
        """The graded function between an input and an output of Keras."""
        function = self._named(request["name"])
        kwargs = self._objects.resolve(request["kwargs"])
        with self._running():
            made = models.from_function(function, request["args"][0], kwargs)
            return self._objects.portable(made)

    def _do_seed(self, request: dict[str, Any]) -> None:
        """Begins a test: its random weights repeatable, and nothing of the last one's.

        A submission's networks need not all fit into the memory at once.
        """
        self._objects.forget()
        self._seeds.set(request["seed"])


class Worker(Answerer):
    """Holds the student's definitions, under the rules of one question.

    Args:
        settings: ``question``, ``allow``, ``forbid``, ``instead`` and whether the
            worker may build Keras layers by name (``reference``); ``files``
            and ``bindings`` of an answer in files; and how many logical ``devices``
            TensorFlow has.
    """

    caught = (BaseException,)

    def __init__(self, settings: dict[str, Any]) -> None:
        self._defined_names: dict[str, Any] = {}
        super().__init__(self._defined_names, _is_cell)
        self._modules: dict[str, types.ModuleType] = {}
        self._defined: set[tuple[str, str, int, str]] = set()
        self._reference = bool(settings["reference"])
        self._bindings = Bindings(settings)
        self._guard = Guard(
            question=settings["question"],
            allow=(*settings["allow"], *self._bindings.modules),
            forbid=tuple(settings["forbid"]),
            instead=settings["instead"],
            student_module=MODULE,
        )
        self._guard.install()
        self._seeds.watch()
        if "keras" in sys.modules:
            # The student's own error, not one of Keras's around it.
            sys.modules["keras"].config.disable_traceback_filtering()
        if "tensorflow" in sys.modules:
            _divide_cpu(settings.get("devices", 1))

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """As for any `Answerer`; a refusal is told as such, whatever became of it."""
        self._guard.refusal = ""
        return super().answer(request)

    def _described(self, error: BaseException) -> dict[str, Any]:
        told = super()._described(error)
        # Keras and TensorFlow raise errors of their own around a refusal.
        refusal = self._guard.refusal
        refusal = refusal or self._guard.refused_by_tensorflow(_text(error))
        return told | {"message": refusal, "not_allowed": True} if refusal else told

    def _running(self) -> AbstractContextManager[None]:
        return self._guard.running()

    def _do_define(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Executes units one by one; one that fails leaves the others alone."""
        module = self._module(request["module"])
        flags = __future__.annotations.compiler_flag if request["annotations"] else 0
        problems = []
        for cell, line, source in request["units"]:
            key = (request["module"], cell, line, source)
            if key in self._defined:
                continue
            self._defined.add(key)
            _remember_lines(cell, line, source)
            try:
                padded = "\n" * (line - 1) + source
                code = compile(padded, f"<{cell}>", "exec", flags, dont_inherit=True)
                self._guard.refusal = ""
                trying = self._guard.trying(source.startswith(_TRIES))
                with warnings.catch_warnings(), trying:
                    warnings.simplefilter("ignore")
                    exec(code, module.__dict__)
            except BaseException as error:
                where = {"cell": cell, "line": line}
                problems.append(where | self._described(error))
        for name in request["names"]:
            alias = request["prefix"] + name
            if name in self._bindings:
                self._defined_names[alias] = self._bindings[name]
            elif name in module.__dict__:
                self._defined_names[alias] = module.__dict__[name]
        return problems

    def _do_layer(self, request: dict[str, Any]) -> Any:
        if not self._reference:
            raise PermissionError("only the reference worker builds layers by name")
        return self._objects.portable(
            handles.keras_layer(request["name"], request["kwargs"])
        )

    def _module(self, name: str) -> types.ModuleType:
        if name not in self._modules:
            full = f"{MODULE}_{name}" if name else MODULE
            module = types.ModuleType(full)
            module.__dict__.update(silent.in_a_notebook())
            self._modules[name] = sys.modules[full] = module
        return self._modules[name]


def _divide_cpu(devices: int) -> None:
    """Gives TensorFlow several logical CPUs, possible before its first operation."""
    if devices > 1:
        config = sys.modules["tensorflow"].config
        cpu = config.list_physical_devices("CPU")[0]
        parts = [config.LogicalDeviceConfiguration()] * devices
        config.set_logical_device_configuration(cpu, parts)


def serve(sock: socket.socket) -> None:
    """Answers requests until the grader closes the conversation."""
    quiet = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(quiet, descriptor)
    connection = Connection(sock)
    settings = decode(connection.receive())
    worker = Worker(settings)
    connection.send(encode({"ready": True}))
    while True:
        try:
            request = decode(connection.receive())
        except ConnectionLost:
            return
        reply = {"id": request["id"], **worker.answer(request)}
        try:
            payload = encode(reply)
            connection.send(payload)
        except Exception as error:
            reason = _text(error) or type(error).__name__
            unsent = CodecError(f"the result cannot be sent: {reason}")
            described = _describe(unsent, _is_cell)
            connection.send(encode({"id": request["id"], "error": described}))


def _is_cell(filename: str) -> bool:
    return filename.startswith("<cell ")


def _describe(
    error: BaseException, is_student: Callable[[str], bool]
) -> dict[str, Any]:
    """The exception in plain values; its own methods may be the student's."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if is_student(frame.filename):
            here = _is_cell(frame.filename)
            cell = frame.filename.strip("<>") if here else f"in {frame.name}"
            frames.append([cell, frame.lineno or 0, (frame.line or "")[:200]])
    return {
        "type": type(error).__name__[:100],
        "bases": [base.__name__[:100] for base in type(error).__mro__[:20]],
        "message": _text(error)[:_MAX_MESSAGE],
        "frames": frames[-_MAX_FRAMES:],
        "not_allowed": isinstance(error, CallNotAllowed),
    }


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        return ""
    return text if type(text) is str else ""


def _remember_lines(cell: str, line: int, source: str) -> None:
    """Lets tracebacks show the student's source lines."""
    name = f"<{cell}>"
    lines = linecache.getlines(name)
    new = [text + "\n" for text in source.split("\n")]
    lines += ["\n"] * (line - 1 + len(new) - len(lines))
    lines[line - 1 : line - 1 + len(new)] = new
    linecache.cache[name] = (len(lines), None, lines, name)


# NumPy prints warnings for overflow and the like; a student's warning is no failure.
np.seterr(all="ignore")
