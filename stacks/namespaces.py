"""Sorts the keys of a stack file: ours, Pulumi's own, and those that must not stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import cast

from components.refusal import shown
from stacks.document import Document, Told
from stacks.models import StackConfig
from stacks.sentences import UNKNOWN

# What Pulumi itself writes beside `config` in a stack file.
PULUMI_KEYS = ("config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment")
# Namespaces whose settings feed a provider that nobody names.
PROVIDERS = ("aws", "aws-native", "azure", "azure-native", "gcp", "google-native")
# Settings of the engine that change nothing about where a resource lies.
ENGINE_KEYS = ("pulumi:tags",)


@dataclass
class Sorted:
    """Our keys by their bare name, the key as it stands in the file, and what is wrong with the others."""

    values: dict[str, object] = field(default_factory=dict[str, object])
    spelled: dict[str, str] = field(default_factory=dict[str, str])
    wrong: list[Told] = field(default_factory=list[Told])

    def below(self, key: str) -> Sorted:
        """The same, with the paths of what is wrong seen from above `key`."""
        return Sorted(self.values, self.spelled, [told._replace(path=(key, *told.path)) for told in self.wrong])


def sort_document(document: Document, project: str) -> Sorted:
    """The keys of a whole stack file. Paths in `wrong` are the document's own."""
    values = document.values or {}
    config = values.get("config")
    if isinstance(config, dict):
        found = sort_keys(cast("dict[str, object]", config), project).below("config")
    else:
        found = Sorted()
        if config is not None or "config" not in values:
            found.wrong.append(_no_mapping("is not a mapping of keys" if config is not None else "is missing"))
    found.wrong += [_misplaced(key, project) for key in values if key not in PULUMI_KEYS]
    if isinstance(values.get("environment"), str):
        found.wrong.append(_misplaced("environment", project))
    return found


def sort_keys(config: Mapping[str, object], project: str) -> Sorted:
    """The keys below `config`, with their namespaces. A bare key belongs to the project, as Pulumi has it."""
    found = Sorted()
    for key, value in config.items():
        namespace, separator, rest = key.partition(":")
        name = rest.removeprefix("config:") if separator else key
        if separator and namespace != project:
            found.wrong += _foreign(key, namespace, name, project)
        elif name in found.values:
            first = found.spelled[name]
            found.wrong.append(
                Told(
                    (key,),
                    f"{key} says again what {first} says",
                    "One reader takes the first value, another the last.",
                    "Keep one of the two.",
                )
            )
        else:
            found.values[name], found.spelled[name] = value, key
    return found


def _foreign(key: str, namespace: str, name: str, project: str) -> Iterator[Told]:
    if key in ENGINE_KEYS:
        return
    if namespace in PROVIDERS:
        yield Told(
            (key,),
            f"{key} configures the ambient provider, which this project switches off",
            "No resource would see it: each one names the provider of its placement, so that none can stray.",
            f"Remove it; {project}:placement says cloud, region and account.",
        )
    elif namespace == "pulumi":
        yield Told(
            (key,),
            f"{key} would change the engine for this stack alone",
            "Settings such as disabled default providers keep resources in their region, on every stack alike.",
            "Set it in Pulumi.yaml if all stacks need it, or remove it.",
        )
    else:
        near = get_close_matches(namespace, [project], n=1, cutoff=0.6)
        belongs = near or name in StackConfig.model_fields
        hint = (
            f"did you mean {project}:{name}?" if belongs else f"Remove it; keys of this project start with {project}:."
        )
        yield Told((key,), f"nothing reads the namespace {shown(namespace)}", UNKNOWN, hint)


def _misplaced(key: str, project: str) -> Told:
    name = key.partition(":")[2] or key
    near = get_close_matches(key, PULUMI_KEYS, n=1, cutoff=0.7)
    if name in StackConfig.model_fields:
        remedy = f"Write it below config:, as {project}:{name}."
    else:
        remedy = f"did you mean {near[0]}?" if near else f"Remove it, or write it below config: as {project}:{name}."
    problem = f"{shown(key)} stands at the top level, where only config and Pulumi's own keys stand"
    return Told((key,), problem, UNKNOWN, remedy)


def _no_mapping(how: str) -> Told:
    return Told(
        ("config",),
        f"config {how}",
        "Nothing of the file could be used.",
        "Put every key on a line of its own below config:, indented by two spaces, as `homeshore new` writes them.",
    )
