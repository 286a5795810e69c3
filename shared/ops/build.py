"""Compiles the operation's library with plain compiler calls, and caches it.

Each source becomes one object, named by a hash of everything it is made from: its
text, the headers it includes, the compiler, the flags and, for the one file that sees
TensorFlow's headers, TensorFlow's version. So a change in a kernel compiles that kernel
alone, which takes about a second, and links.

The cache is ``$COURSE_OPS_CACHE``, else ``$XDG_CACHE_HOME/cnn-course/ops``, else
``~/.cache/cnn-course/ops``. ``$CXX`` and ``$NVCC`` name the compilers, and
``COURSE_OPS_CUDA=0`` leaves the GPU kernels out.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

KERNELS = Path(__file__).parent / "kernels"
GLUE = "conv2d_op.cc"

CXX_FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-math-errno")
# The glue does no arithmetic: -O1 halves the time its compilation takes. TensorFlow's
# headers print hundreds of warnings, none of them ours.
GLUE_FLAGS = ("-std=c++17", "-O1", "-fPIC", "-w")
NVCC_FLAGS = (
    "-std=c++17",
    "-O3",
    "-Xcompiler=-fPIC",
    "-gencode=arch=compute_80,code=sm_80",
    "-gencode=arch=compute_90,code=[sm_90,compute_90]",
)
SCRAP = "unfinished-"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class BuildError(RuntimeError):
    """The library could not be built; the message is what a student should read."""


class _LinkError(BuildError):
    """The linker refused objects that the compiler had made."""


@dataclass(frozen=True)
class Unit:
    """One object to be compiled: its source, the whole command, and its hash."""

    source: Path
    command: tuple[str, ...]
    key: str


def cache_folder() -> Path:
    """Where objects and libraries are kept; made if it is not there.

    Raises:
        BuildError: If it cannot be made.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    folder = Path(os.environ.get("COURSE_OPS_CACHE") or base / "cnn-course" / "ops")
    with _cache_errors(folder):
        # Absolute: the loader looks for a bare name in the system's folders.
        folder = folder.expanduser().absolute()
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _cache_errors(folder: Path) -> Iterator[None]:
    """What the system refuses in the cache, as one line with the way out."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody has a home
        if isinstance(error, BuildError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise BuildError(
            f"cannot write the cache {folder} ({reason}): set COURSE_OPS_CACHE to a "
            "folder with room that you may write to"
        ) from None


def find_compiler() -> list[str]:
    """The C++ compiler as a command, ``$CXX`` or the first of g++, c++, clang++.

    Raises:
        BuildError: If there is none.
    """
    wanted = os.environ.get("CXX")
    for name in [wanted] if wanted else ["g++", "c++", "clang++"]:
        # A path, which may hold blanks, or words such as "ccache g++".
        words = [name]
        if not shutil.which(name):
            with contextlib.suppress(ValueError):  # a quotation left open
                words = shlex.split(name)
        if words and shutil.which(words[0]):
            return words
    tried = f"CXX={wanted} was not found" if wanted else "tried g++, c++ and clang++"
    raise BuildError(
        f"no C++ compiler ({tried}): install one (Debian, Ubuntu: apt install g++; "
        "macOS: xcode-select --install) or set CXX to its path"
    )


def find_nvcc() -> str | None:
    """The path of nvcc (``$NVCC``, then PATH, then /usr/local/cuda), or None."""
    wanted = os.environ.get("NVCC")
    return shutil.which(wanted or "nvcc") or shutil.which("/usr/local/cuda/bin/nvcc")


def build_library(
    *,
    replace: Mapping[str, Path] | None = None,
    cuda: bool | None = None,
    force: bool = False,
) -> Path:
    """Compiles and links what the cache lacks; several processes may call at once.

    Args:
        replace: Sources to use instead of the course's, by file name, for example
            ``{"naive.cc": Path("my_naive.cc")}``. They include the course's headers.
        cuda: Whether GPU kernels go in. None: if nvcc is found and TensorFlow was
            built for CUDA, unless ``COURSE_OPS_CUDA=0``.
        force: Compile again what is in the cache too.

    Returns:
        The path of the shared library.

    Raises:
        BuildError: If there is no compiler, or it refuses a source.
    """
    units, linker, flags = _plan(dict(replace or {}), cuda)
    return _build("course_ops", units, linker, flags, force)


def compile_kernel(source: Path, *, flags: tuple[str, ...] = ()) -> Path:
    """Compiles one source free of TensorFlow into a shared library of its own.

    For kernels that are called through ctypes, such as a student's. The course's
    headers can be included by name.

    Args:
        source: A .cc file.
        flags: Further compiler flags, for example ``("-fsanitize=address",)``.

    Returns:
        The path of the shared library, cached like everything else.

    Raises:
        BuildError: If there is no compiler, or it refuses the source.
    """
    source = Path(source)
    compiler = find_compiler()
    command = (*compiler, *CXX_FLAGS, f"-I{KERNELS}", "-fvisibility=default", *flags)
    key = _hash(_sources_text(source), command, _version(compiler))
    folder = cache_folder()
    library = folder / f"lib{source.stem}-{key}.so"
    if library.exists():
        return library
    with _locked(folder):
        if not library.exists():
            _run_to(library, [*command, "-shared", str(source)])
    return library


def build_standalone(*, flags: tuple[str, ...] = ()) -> Path:
    """The CPU kernels without TensorFlow, behind the C interface of the tests.

    Args:
        flags: Further compiler flags, for example ``("-fsanitize=thread",)``.

    Returns:
        The path of the shared library, for ctypes.

    Raises:
        BuildError: If there is no compiler, or it refuses a source.
    """
    sources = [p for p in sorted(KERNELS.glob("*.cc")) if not p.match("*.cu.cc")]
    sources = [source for source in sources if source.name != GLUE]
    compiler = find_compiler()
    version = _version(compiler)
    units = []
    for source in [*sources, KERNELS / "tests" / "cpu_api.cc"]:
        # Without flags, the same command as for the operation: objects are shared.
        command = [*compiler, *CXX_FLAGS, *flags, f"-I{KERNELS}", "-c", str(source)]
        key = _hash(_sources_text(source), command, [version])
        units.append(Unit(source, tuple(command), key))
    return _build("standalone", units, compiler, [*flags, "-pthread"], False)


def _build(
    name: str, units: list[Unit], linker: list[str], flags: list[str], force: bool
) -> Path:
    """Compiles the units in parallel and links them, if the cache has not done it."""
    folder = cache_folder()
    key = _hash([unit.key for unit in units], linker, flags)
    library = folder / f"lib{name}-{key}.so"
    if library.exists() and not force:
        return library
    with _locked(folder):
        if library.exists() and not force:  # another process built it meanwhile
            return library
        objects = folder / "objects"
        with _cache_errors(objects):
            objects.mkdir(exist_ok=True)
        try:
            _compile_and_link(units, objects, library, linker, flags, force)
        except _LinkError:
            if force:
                raise
            # An object that a full disk or a power cut has spoilt.
            _compile_and_link(units, objects, library, linker, flags, True)
    return library


def _compile_and_link(
    units: list[Unit],
    objects: Path,
    library: Path,
    linker: list[str],
    flags: list[str],
    force: bool,
) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        built = pool.map(lambda unit: _compile(unit, objects, force), units)
        paths = [str(path) for path in built]
    try:
        _run_to(library, [*linker, "-shared", *paths, *flags])
    except BuildError as error:
        raise _LinkError(str(error)) from None


def _plan(
    replace: dict[str, Path], cuda: bool | None
) -> tuple[list[Unit], list[str], list[str]]:
    """Every unit, the linker and its flags."""
    import tensorflow as tf

    compiler = find_compiler()
    version = _version(compiler)
    tf_flags = [
        flag.replace("-I", "-isystem", 1) if flag.startswith("-I") else flag
        for flag in tf.sysconfig.get_compile_flags()
        if "-std=" not in flag
    ]
    sources = {path.name: path for path in sorted(KERNELS.glob("*.cc"))}
    nvcc = find_nvcc() if cuda is not False else None
    if cuda is None and (
        not any(name.endswith(".cu.cc") for name in sources)
        or os.environ.get("COURSE_OPS_CUDA") == "0"
        or not tf.sysconfig.get_build_info().get("is_cuda_build")
    ):
        nvcc = None
    if cuda and not nvcc:
        raise BuildError("no nvcc for the GPU kernels: install CUDA or set NVCC")

    unknown = set(replace) - set(sources)
    if unknown:
        raise BuildError(
            f"replace names no kernel source: {', '.join(sorted(unknown))}"
        )
    units = []
    for name, source in {**sources, **replace}.items():
        source = Path(source)
        made_by = [version]
        if name.endswith(".cu.cc"):
            if not nvcc:
                continue
            command = [nvcc, *NVCC_FLAGS, "-x", "cu"]
            made_by = [_version([nvcc]), version]
        elif name == GLUE:
            cuda_flag = ["-DCOURSE_CUDA"] if nvcc else []
            command = [*compiler, *GLUE_FLAGS, *cuda_flag, *tf_flags]
            made_by = [version, tf.__version__]
        else:
            command = [*compiler, *CXX_FLAGS]
        command += [f"-I{KERNELS}", "-c", str(source)]
        key = _hash(_sources_text(source), command, made_by)
        units.append(Unit(source, tuple(command), key))

    # nvcc knows where its own runtime library is, and links it in.
    linker = [nvcc] if nvcc else compiler
    flags = tf.sysconfig.get_link_flags()
    if sys.platform == "darwin":  # what TensorFlow has loaded by then is found late
        flags.append("-Wl,-undefined,dynamic_lookup")
    return units, linker, flags


def _compile(unit: Unit, folder: Path, force: bool) -> Path:
    target = folder / f"{unit.source.stem}-{unit.key}.o"
    if force or not target.exists():
        _run_to(target, list(unit.command))
    return target


def _run_to(target: Path, command: list[str]) -> None:
    """Runs the command with ``-o``, so that `target` appears whole or not at all."""
    scratch = target.with_name(SCRAP + target.name)
    try:
        done = _run([*command, "-o", str(scratch)])
        said = f"{shlex.join(command)}\n{done.stderr.strip()}".strip()
        if done.returncode:
            raise BuildError(f"{Path(command[0]).name} failed:\n{said}")
        if not scratch.exists():
            raise BuildError(f"{Path(command[0]).name} wrote nothing:\n{said}")
        with _cache_errors(target.parent):
            with open(scratch, "rb") as file:
                os.fsync(file.fileno())  # the name must not outlive the contents
            os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


def _sources_text(source: Path) -> list[str]:
    """The texts of a source and of every course header that it includes."""
    try:
        texts, waiting = {source: _read(source)}, [source]
    except OSError as error:
        raise BuildError(f"cannot read {source}: {error.strerror}") from None
    while waiting:
        current = waiting.pop()
        for name in _INCLUDE.findall(texts[current]):
            for header in (current.parent / name, KERNELS / name):
                if header.is_file():
                    if header not in texts:
                        texts[header] = _read(header)
                        waiting.append(header)
                    break
    return [texts[path] for path in sorted(texts)]


def _read(source: Path) -> str:
    # A comment in another encoding is the student's own affair.
    return source.read_text(encoding="utf-8", errors="surrogateescape")


def _version(compiler: list[str]) -> str:
    done = _run([*compiler, "--version"])
    if done.returncode:
        raise BuildError(
            f"{shlex.join(compiler)} does not answer --version: set CXX to a C++ "
            "compiler (NVCC for nvcc)"
        )
    return done.stdout


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",  # it quotes lines of the source
            check=False,
        )
    except OSError as error:
        raise BuildError(
            f"{command[0]} cannot be run ({error.strerror}): set CXX to a C++ "
            "compiler (NVCC for nvcc)"
        ) from None


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # The lock is the kernel's: it goes with the process, however that ends.
    with contextlib.ExitStack() as stack:
        with _cache_errors(folder):
            lock = stack.enter_context(open(folder / "lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Nobody else is writing: what is there was left by a process that died.
            for scrap in [*folder.glob(f"{SCRAP}*"), *folder.glob(f"*/{SCRAP}*")]:
                scrap.unlink(missing_ok=True)
        yield
