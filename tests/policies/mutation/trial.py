"""One mutant against the checks, in a process of its own.

A change in a function that nothing has called yet takes the place of that function's code, and the checks run at once.
A change that takes effect at import (a constant, the types of a rule, a table) makes the process import the rules and
their tests anew, from code that is in memory already.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import io
import resource
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final, cast

from tests.policies.mutation import operators, tables
from tests.policies.mutation.mutants import ROOT, Mutant
from tests.policies.mutation.reach import Function, outermost
from tests.policies.mutation.suite import Check, run

LIMIT: Final = 8
"""Seconds of processor time that a check may take: a mutant that never ends is noticed."""
MEMORY: Final = 4 << 30
OURS: Final = ("policies", "tests.policies")
TOOL: Final = "tests.policies.mutation"


class Code(importlib.abc.Loader, importlib.abc.MetaPathFinder):
    """The modules of the rules and their tests as they were at the start, whatever happens to the files meanwhile."""

    def __init__(self) -> None:
        self.codes: dict[str, CodeType] = {}
        self.specs: dict[str, importlib.machinery.ModuleSpec] = {}
        for name, module in list(sys.modules.items()):
            if not name.startswith(OURS) or name.startswith(TOOL):
                continue
            spec = module.__spec__
            if spec is not None:
                loader = spec.loader
                if isinstance(loader, importlib.machinery.SourceFileLoader):
                    code = loader.get_code(name)
                    assert code is not None
                    self.codes[name], self.specs[name] = code, spec

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module that is known."""
        known = self.specs.get(fullname)
        if known is None:
            return None
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=known.origin, is_package=known.submodule_search_locations is not None
        )
        spec.submodule_search_locations = known.submodule_search_locations
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self.codes[module.__name__], vars(module))

    def forget(self) -> None:
        """Have the modules imported anew, by this finder."""
        for name in self.codes:
            sys.modules.pop(name, None)
        sys.meta_path.insert(0, self)


def functions(files: Iterable[str]) -> dict[tuple[str, str, int], list[FunctionType]]:
    """Every function that stands in a module or class of `files`, by file, qualified name and first line."""
    wanted = frozenset(files)
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in wanted:
            code = one.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
    return found


class Trial:
    """What is needed to try mutants: code in memory, functions by name, and those that ran when they were imported."""

    def __init__(self, code: Code, imported: frozenset[Function], sources: dict[str, str]) -> None:
        self.code = code
        self.imported = imported
        self.sources = sources
        self.functions = functions(str(ROOT / file) for file in sources)

    def killer(self, mutant: Mutant, checks: Iterable[Check]) -> Check | None:
        """The first check that notices the mutant; None where none does. To be called in a child."""
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            self._apply(mutant)
        except BaseException:
            return Check("", "import", 0)
        signal.signal(signal.SIGPROF, _too_long)
        for check in checks:
            signal.setitimer(signal.ITIMER_PROF, LIMIT)
            try:
                run(check)
            except BaseException:
                return check
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        return None

    def _apply(self, mutant: Mutant) -> None:
        if mutant.table:
            _table(str(ROOT / mutant.file), tables.changed(mutant))
            self.code.forget()
            return
        changed = operators.compiled(mutant, self.sources[mutant.file])
        if mutant.inside and self._swapped(mutant, changed):
            return
        name = mutant.file.removesuffix(".py").replace("/", ".")
        self.code.codes[name] = changed
        self.code.forget()
        __import__(name)

    def _swapped(self, mutant: Mutant, changed: CodeType) -> bool:
        """Whether the function's code could be put in the place of the old one."""
        file, name = str(ROOT / mutant.file), outermost(mutant.where)
        if (file, name) in self.imported:
            return False
        found = [code for code in _codes(changed) if code.co_qualname == name and code.co_name in name]
        for code in found:
            for one in self.functions.get((file, name, code.co_firstlineno), ()):
                if one.__code__.co_freevars != code.co_freevars:
                    return False
                one.__code__ = code
        return bool(found)


def _codes(code: CodeType) -> Iterable[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _table(file: str, text: str) -> None:
    """Have everybody who opens a table read `text`."""
    plain = Path.open

    def opened(self: Path, *arguments: Any, **named: Any) -> Any:
        if str(self) == file:
            return io.StringIO(text)
        return cast("Any", plain(self, *arguments, **named))

    Path.open = opened  # type: ignore[method-assign]


def _too_long(*_: object) -> None:
    raise TimeoutError
