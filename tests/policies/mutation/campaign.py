"""All mutants against the tests: which are noticed, which are explained, which survive."""

from __future__ import annotations

import gc
import os
import random
import re
import select
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from tests.policies.mutation import operators, suite, tables
from tests.policies.mutation.mentions import users
from tests.policies.mutation.mutants import CLOUDS, POLICIES, ROOT, Mutant, Name, equivalents, modules, told_apart
from tests.policies.mutation.reach import Reached, forked, outermost, reached, received, survey
from tests.policies.mutation.suite import Check
from tests.policies.mutation.trial import Code, Trial

SLOW: Final = 0.5
"""Seconds from which on a check waits until the others have had their turn."""
TYPE: Final = re.compile(r"[a-z][a-z-]*:[\w/.-]+:\w+")
GENERATED_SEED: Final = 7


class RedError(Exception):
    """The tests fail without any mutant: the text says which."""


@dataclass
class Result:
    """What became of the mutants of one run."""

    killed: dict[Mutant, Check] = field(default_factory=dict[Mutant, Check])
    survived: list[Mutant] = field(default_factory=list[Mutant])
    explained: list[Mutant] = field(default_factory=list[Mutant])
    noticed: list[Mutant] = field(default_factory=list[Mutant])
    """Listed as equivalent, and a test notices all the same."""
    stale: list[Name] = field(default_factory=list[Name])
    """Listed as equivalent, and there is no such mutant."""

    def mutants(self) -> Iterator[Mutant]:
        """Every mutant that was tried."""
        for some in (self.killed, self.survived, self.explained, self.noticed):
            yield from some


def every(only: Sequence[str] = (), *, generated: bool = True) -> list[Mutant]:
    """The mutants of every module and table whose path holds one of `only`; of a generated table, a sample or none."""
    chosen = only or ("",)
    found: list[Mutant] = []
    for path in modules():
        file = str(path.relative_to(ROOT))
        if any(one in file for one in chosen):
            found += told_apart(operators.mutants(file))
    for file in tables.tables():
        if any(one in file for one in chosen):
            if not generated and Path(file).name in tables.GENERATED:
                continue
            told = list(told_apart(tables.mutants(file)))
            if Path(file).name in tables.GENERATED:
                told = random.Random(GENERATED_SEED).sample(told, min(tables.SAMPLED, len(told)))
            found += told
    return found


class Campaign:
    """The tests, surveyed once, and the mutants that are shown to them, a process for each."""

    def __init__(self, processes: int, *, scanning: bool = True) -> None:
        """`scanning`: with the tests that search the SDKs. Raises RedError."""
        self.processes = processes
        suite.remember_yaml()
        checks = [one for one in suite.checks() if scanning or not suite.scans(one)]
        code = Code()
        (imported,) = (received(forked(lambda: reached(lambda: _anew(code)))),)
        self.reached = survey(checks, processes)
        faults = [
            f"{one.module}.{one.function}[{one.number}]: {told.fault}"
            for one, told in self.reached.items()
            if told.fault
        ]
        if faults or imported.fault:
            raise RedError("\n".join([imported.fault, *faults]).strip())
        sources = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in modules()}
        self.trial = Trial(code, frozenset(imported.functions), sources)
        self.typical = _typical(self.reached)
        gc.collect()
        gc.freeze()  # what is not looked at in the children is not copied there either
        gc.disable()
        self.killers: dict[tuple[str, str], list[Check]] = defaultdict(list)

    def run(self, mutants: list[Mutant], *, whole: bool, tell: Callable[[int, int, Mutant | None], None]) -> Result:
        """Try each mutant. `whole` says that these are all there are: rows of equivalents that name none are stale."""
        explained = equivalents()
        result = Result()
        if whole:
            result.stale = sorted(set(explained) - {one.name for one in mutants})
        for number, (mutant, killer) in enumerate(self._tried(mutants), 1):
            tell(number, len(mutants), mutant if killer is None and mutant.name not in explained else None)
            if killer is not None:
                self.killers[mutant.file, mutant.where].insert(0, killer)
                if mutant.name in explained:
                    result.noticed.append(mutant)
                else:
                    result.killed[mutant] = killer
            elif mutant.name in explained:
                result.explained.append(mutant)
            else:
                result.survived.append(mutant)
        return result

    def _tried(self, mutants: list[Mutant]) -> Iterator[tuple[Mutant, Check | None]]:
        running: dict[int, tuple[int, Mutant]] = {}
        waiting = iter(mutants)
        while True:
            while len(running) < self.processes and (one := next(waiting, None)) is not None:
                child, pipe = forked(lambda one=one: ("told", self.trial.killer(one, self.order(one))))
                running[pipe] = child, one
            if not running:
                return
            for pipe in select.select(list(running), [], [])[0]:
                child, mutant = running.pop(pipe)
                try:
                    yield mutant, received((child, pipe))[1]
                except ChildProcessError:  # killed by a limit of the system, or crashed
                    yield mutant, Check("", "died", 0)

    def order(self, mutant: Mutant) -> list[Check]:
        """The checks that may notice a mutant, the likeliest first."""
        first = self.killers[mutant.file, mutant.where][:5]
        if mutant.table:
            likely, rest = self._about_row(mutant)
        else:
            likely, rest = self._about_code(mutant), []
        checks = list(dict.fromkeys([*first, *likely, *rest]))
        # The tests that are named after the module, then the cheap ones, those of one module together: a mutant that is
        # imported anew has each test module imported anew, too.
        own = f"test_{Path(mutant.file).stem}"
        chosen = set(first)
        return sorted(
            checks,
            key=lambda one: (
                self.reached[one].seconds > SLOW,
                one not in chosen and one.module.rpartition(".")[2] != own,
                self.typical[one.module],
            ),
        )

    def _reaching(self, path: str) -> list[Check]:
        return [one for one, told in self.reached.items() if any(file.startswith(path) for file, _ in told.functions)]

    def _about_code(self, mutant: Mutant) -> list[Check]:
        file = ROOT / mutant.file
        wanted = {(str(file), outermost(mutant.where))} | users(mutant.where)
        found = [one for one, told in self.reached.items() if told.functions & wanted]
        named = set(TYPE.findall(mutant.change))
        found.sort(key=lambda one: not (named & self.reached[one].types))
        return found or self._reaching(str(file)) or self._reaching(str(file.parent))

    def _about_row(self, mutant: Mutant) -> tuple[list[Check], list[Check]]:
        types = set(mutant.types)
        likely = [one for one, told in self.reached.items() if told.types & types]
        silent = [one for one, told in self.reached.items() if not told.types]
        if types:
            return likely, silent
        cloud = Path(mutant.file).name.partition("_")[0]
        path = POLICIES / cloud if cloud in CLOUDS else POLICIES
        return self._reaching(str(path)), silent


def _typical(reached: dict[Check, Reached]) -> dict[str, tuple[float, str]]:
    """What a check of each module takes, in seconds; with the module, so that no two are alike."""
    taken: dict[str, list[float]] = defaultdict(list)
    for one, told in reached.items():
        taken[one.module].append(told.seconds)
    return {module: (median(seconds), module) for module, seconds in taken.items()}


def _anew(code: Code) -> None:
    code.forget()
    list(suite.checks())


def processors() -> int:
    """How many processes run side by side."""
    return len(os.sched_getaffinity(0))
