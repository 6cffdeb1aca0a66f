"""Digest of the code a step runs: its own file and all that it imports, read from the sources.

A step's function imports inside its body what it calls. These modules, and those they import in
turn, are found by reading the sources, so no list of them is kept by hand. Settings and lists in
files beside an imported module count as its code.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

from zgzx_research.pipeline import store

PACKAGE = "zgzx_research"
DATA = (".toml", ".csv", ".json")
IMPORT = re.compile(
    rf"^[ ]*(?:import ({PACKAGE}\.[\w.]+)|from ({PACKAGE}[\w.]*) import (\([^)]*\)|[^\n]*))",
    re.MULTILINE,
)
FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?: +.*\n|\n)*", re.MULTILINE)
COMMENT = re.compile(r"#.*")


def code_digest(*functions: Callable[..., object], modules: Iterable[str] = ()) -> str:
    """Return the SHA-256 over all sources that some functions and modules of the package run.

    Parameters
    ----------
    *functions : callable
        Functions of this package: their file counts, and what they and the functions of the same
        file that they call import.
    modules : iterable of str
        Further modules, e.g. "zgzx_research.did.panel.prepare".

    Returns
    -------
    str
        In hexadecimal.
    """
    files = {path for module in modules for path in files_of(module)}
    for function in functions:
        plain = function.func if isinstance(function, partial) else function
        files |= _files_of_function(plain)
    return _digest(files)


def _files_of_function(function: Callable[..., object]) -> set[Path]:
    """Return a function's file and the files of all that it, or what it calls there, imports."""
    path = _path(function.__module__) or Path(inspect.getfile(function))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    parts: list[ast.AST] = [
        node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    waiting, called = [function.__name__], set()
    while waiting:
        name = waiting.pop()
        if name in called or name not in own:
            continue
        called.add(name)
        parts.append(own[name])
        waiting += [node.id for node in ast.walk(own[name]) if isinstance(node, ast.Name)]
    imported = {name for part in parts for name in _imports(ast.unparse(part))}
    return {path, *(file for name in imported for file in files_of(name))}


def public_modules(source: str) -> tuple[str, ...]:
    """Return the modules of the public names in a source, e.g. `zr.prepare_panel(…)`."""
    stub = (store.PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    homes = {
        alias.name: f"{PACKAGE}.{node.module}"
        for node in ast.walk(ast.parse(stub))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    called = set(re.findall(r"\bzr\.(\w+)", source))
    return tuple(sorted({homes[name] for name in called & homes.keys()}))


def package_digest() -> str:
    """Return the SHA-256 over all code of the package, for the stamp."""
    project = store.PACKAGE / "project"  # what a wheel holds for new projects is no code
    found = (path for path in store.PACKAGE.rglob("*") if path.suffix in (".py", ".toml"))
    return _digest(path for path in found if not path.is_relative_to(project))


def files_of(module: str) -> frozenset[Path]:
    """Return the files of a module, of all that it imports, and the settings beside them."""
    return _closure(store.PACKAGE, module)


@cache
def _closure(package: Path, module: str) -> frozenset[Path]:
    """Find the files of `files_of` by following imports; `package` is part of the cache key."""
    seen: set[str] = set()
    waiting, files = [module], set()
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if name in seen or path is None:
            continue
        seen.add(name)
        files |= {path, *_data_files(path.parent)}
        waiting += _imports_of(path, store.file_digest(path))
    return frozenset(files)


@cache
def _data_files(folder: Path) -> frozenset[Path]:
    """Return settings and lists in a module's folder and in its subfolders without code."""
    inside = [path for path in folder.iterdir() if path.is_dir() and not list(path.glob("*.py"))]
    return frozenset(
        path
        for place in (folder, *inside)
        for path in place.iterdir()
        if path.suffix in DATA and path.is_file()
    )


def _path(module: str) -> Path | None:
    """Return the source file of a module of this package."""
    if module.split(".")[0] != PACKAGE:
        return None
    inner = module.removeprefix(PACKAGE).strip(".").replace(".", "/")
    for path in (store.PACKAGE / f"{inner}.py", store.PACKAGE / inner / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _imports_of(path: Path, digest: str) -> tuple[str, ...]:
    """Return the imports of a file; `digest` is part of the cache key."""
    return tuple(_imports(path.read_text(encoding="utf-8")))


def _imports(source: str) -> Iterator[str]:
    """Yield the modules of this package that some code imports, but for type checking."""
    for plain, module, names in IMPORT.findall(FOR_TYPES.sub("", source)):
        if plain:
            yield plain
            continue
        for name in COMMENT.sub("", names).strip("()").split(","):
            inner = f"{module}.{name.split(' as ')[0].strip()}"
            yield inner if _path(inner) else module


def _digest(files: Iterable[Path]) -> str:
    """Return the SHA-256 over names and contents of files."""
    total = hashlib.sha256()
    for file in sorted(files):
        inside = file.is_relative_to(store.PACKAGE)
        name = file.relative_to(store.PACKAGE).as_posix() if inside else file.name
        total.update(f"{name}\0{store.file_digest(file)}\0".encode())
    return total.hexdigest()
