"""One student file behind a driver: an executable to call, or a library to load."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.native.crashes import Crash, explain, without_noise
from grader.native.toolchain import (
    CompileError,
    compile_to,
    find_compiler,
    find_nvcc,
    is_clang,
    linker_flags,
    run_group,
)

#: Out-of-bounds accesses end the program with a report; one build serves for the
#: numbers and for that. Not -O0: there an overrun can jump over the guarded bytes.
_CHECKED = ("-O1", "-g1", "-fno-omit-frame-pointer")
_GCC_CHECKED = (
    *_CHECKED,
    # The guarded bytes around an array are few: a whole row too far jumps over them.
    # And a function that promises a value and returns none runs on into the next.
    "-fsanitize=address,bounds,return",
    "-fno-sanitize-recover=bounds,return",
    # What is out of bounds must run, to be caught, and not be reasoned away.
    "-fno-aggressive-loop-optimizations",
)
# There `bounds` ends a program without a word where a size is known late.
_CLANG_CHECKED = (
    *_CHECKED,
    "-fsanitize=address,array-bounds,return",
    "-fno-sanitize-recover=array-bounds,return",
)
_FAST = ("-O3", "-march=native", "-fno-math-errno", "-fPIC", "-shared")
_ARCHITECTURE = "sm_80"  # any that the toolkit knows: the code is not run
# A leak is no failure here, and its search needs ptrace.
_SANITIZER = {"ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0"}


@dataclass
class Program:
    """A student's file, compiled with a driver whenever it has changed.

    Attributes:
        source: the student's file; the driver includes it as ``STUDENT_FILE``.
        driver: a file with ``main(request file, result file, …)``.
        flags: further flags, e.g. definitions and include folders.
        compiler: ``"c++"``, or ``"nvcc"`` for a program that runs on a GPU.
        printed: what the latest run printed.
    """

    source: Path
    driver: Path
    flags: tuple[str, ...] = ()
    compiler: str = "c++"
    printed: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._made: tuple[str, Path | Exception] = ("", Path())

    def run(
        self, request: bytes, arguments: Sequence[str] = (), timeout_s: float = 10.0
    ) -> bytes:
        """Runs the program on a request and returns its result.

        Raises:
            CompileError: if the file does not compile.
            OutOfBounds: if it reads or writes outside an array.
            Crash: if it ends otherwise than it should.
            TimeoutError: if it is not done in time.
        """
        program = self.compiled()
        with tempfile.TemporaryDirectory(dir=_folder()) as name:
            asked, answered = Path(name, "request"), Path(name, "result")
            asked.write_bytes(request)
            command = [str(program), str(asked), str(answered), *arguments]
            try:
                code, text = run_group(command, Path(name), timeout_s, _SANITIZER)
            except TimeoutError as error:
                raise TimeoutError(f"{self.source.name}: {error}") from None
            self.printed = without_noise(text)
            if code != 0:
                raise explain(code, text, self.source)
            if not answered.is_file():
                raise Crash(f"{self.source.name}: the program ended without a result")
            return answered.read_bytes()

    def compiled(self) -> Path:
        """The executable, made now if the file is not the one compiled last."""
        key = file_key(self.source)
        if key != self._made[0]:
            self._made = (key, self._compile(key))
        if isinstance(self._made[1], Exception):
            raise self._made[1]
        return self._made[1]

    def _compile(self, key: str) -> Path | Exception:
        target = _folder() / f"{self.source.stem}-{self.compiler.strip('+')}-{key}"
        try:
            if self.compiler == "nvcc":
                command = [*_nvcc(), "-O3", "-arch=native"]
            else:
                command = _compiler()
                clang = is_clang(command[0])
                command += [*(_CLANG_CHECKED if clang else _GCC_CHECKED), "-x", "c++"]
            flags = [*student_flags(self.source), *self.flags]
            compile_to(target, [*command, *flags, str(self.driver)], self.source)
        except (CompileError, NotImplementedError) as error:
            return error
        return target


_accepted: dict[tuple[Path, str], CompileError | None] = {}


def check_with_nvcc(source: Path, driver: Path, flags: Sequence[str] = ()) -> None:
    """Compiles a CUDA file to machine code of a GPU and runs nothing.

    Raises:
        CompileError: if nvcc refuses it.
    """
    key = source, file_key(source)
    if key not in _accepted:
        target = _folder() / f"{source.stem}-{key[1]}.cubin"
        command = [*_nvcc(), f"-arch={_ARCHITECTURE}", "-cubin"]
        command += [*student_flags(source), *flags, str(driver)]
        try:
            compile_to(target, command, source)
            _accepted[key] = None
        except CompileError as error:
            _accepted[key] = error
    refused = _accepted[key]
    if refused is not None:
        raise refused


def build_library(source: Path, driver: Path, flags: Sequence[str] = ()) -> Path:
    """Compiles a student's file, optimised, into a library to be loaded.

    Args:
        source: the student's file; `driver` includes it as ``STUDENT_FILE``.
        driver: says what the library offers.
        flags: further flags.

    Raises:
        CompileError: if the file does not compile.
    """
    target = _folder() / f"lib{source.stem}-{file_key(source)}.so"
    if not target.exists():
        flags = [*_FAST, *student_flags(source), *flags, "-x", "c++", str(driver)]
        compile_to(target, [*_compiler(), *flags], source)
    return target


def student_flags(source: Path) -> tuple[str, ...]:
    """How a driver finds the student's file."""
    return ("-std=c++17", f'-DSTUDENT_FILE="{source.name}"', f"-I{source.parent}")


def file_key(source: Path) -> str:
    """Changes with the file's text.

    Raises:
        FileNotFoundError: names the file and where it was looked for.
    """
    try:
        return hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    except OSError:
        raise FileNotFoundError(
            f"{source.name} is not in {source.parent}; put it back there"
        ) from None


def _compiler() -> list[str]:
    found = find_compiler()
    if found is None:
        raise CompileError(
            "no C++ compiler here: install one (Debian, Ubuntu: apt install g++; "
            "macOS: xcode-select --install) or set CXX to its path"
        )
    # The course's drivers raise warnings in nobody's code but their own.
    most = "-ferror-limit=5" if is_clang(found) else "-fmax-errors=5"
    return [found, "-w", most, *linker_flags()]


def _nvcc() -> list[str]:
    found = find_nvcc()
    if found is None:
        raise CompileError("no nvcc here: install CUDA, or set NVCC to its path")
    return [found, "-w"]


@functools.cache
def _scratch(process: int) -> tempfile.TemporaryDirectory[str]:
    del process  # a fork has a folder of its own
    return tempfile.TemporaryDirectory(prefix="course-native-")


def _folder() -> Path:
    return Path(_scratch(os.getpid()).name)
