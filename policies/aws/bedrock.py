"""Cross-Region inference: a profile's prefix says in which regions Bedrock may run the model.

The prefixes are those of the Bedrock user guide ("Supported Regions and models for inference profiles"); one without
jurisdictions may run anywhere.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import geography
from policies.aws.documents import documents
from policies.aws.whereabouts import Verdict, arn, of_region
from policies.model import Stack
from policies.rules import Case, Said, rule
from policies.values import Reading

PREFIXES: Final = Path(__file__).parents[1] / "data" / "aws_inference.csv"
VENDORS: Final = (
    *("anthropic", "amazon", "meta", "mistral", "cohere", "ai21", "deepseek", "stability", "writer", "qwen", "openai"),
    *("twelvelabs", "luma", "nvidia", "google", "minimax", "moonshot", "moonshotai", "zai", "rerank"),
)
_PROFILE: Final = re.compile(rf"(?:^|[/\s\"',=])([a-z]+(?:-[a-z]+)?)\.(?:{'|'.join(VENDORS)})[.*]", re.IGNORECASE)
_PROFILE_OF_ARN: Final = re.compile(r"(?:inference-profile)/([a-z]+(?:-[a-z]+)?)\.")
POLICIES: Final = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
)


@cache
def prefixes() -> dict[str, frozenset[str]]:
    """The jurisdictions in which the profiles of a prefix run models; none where that may be anywhere."""
    with PREFIXES.open(encoding="utf-8", newline="") as file:
        return {
            row["prefix"]: frozenset(part for part in row["jurisdictions"].split("+") if part)
            for row in csv.DictReader(file)
        }


def leaves(stack: Stack, text: str) -> str:
    """Where else inference with the model, profile or ARN that `text` names may run; empty where it stays inside."""
    if stack.boundary is None:
        return ""
    for prefix in (*_PROFILE.findall(text), *_PROFILE_OF_ARN.findall(text)):
        runs_in = prefixes().get(prefix.lower())
        if runs_in is not None and not _inside(stack.boundary, runs_in):
            where = ", ".join(sorted(runs_in)) or "any region of the world"
            return f"the profiles {prefix.lower()}.* run models in {where}"
    found = arn(text)
    if found is None or found.service != "bedrock" or not found.region:
        return ""
    if set(found.region) <= {"*", "?"}:
        return "the ARN names models of every region" if "foundation-model" in found.resource else ""
    there = of_region(stack, found.region)
    return f"it names a model in {there.where}" if there.verdict is Verdict.OUTSIDE else ""


def _inside(boundary: geography.Boundary, runs_in: frozenset[str]) -> bool:
    """Whether every region of the jurisdictions lies inside: a boundary may be one country of a jurisdiction."""
    places = (one for one in geography.regions("aws") if one.jurisdiction in runs_in)
    return bool(runs_in) and runs_in <= boundary.jurisdictions and all(map(boundary.holds, places))


@rule("SOV-AWS-012", "aws:bedrock/inferenceProfile:InferenceProfile")
def profile_stays_inside(case: Case) -> Iterator[Said]:
    """What an application's profile copies decides where its requests run."""
    reading = case.read("modelSource.copyFrom")
    if reading.unknown and case.stack.boundary is not None:
        yield case.unsure(reading)
    yield from _said(case, reading, reading.text)


@rule("SOV-AWS-012", "aws:lambda/function:Function")
def variables_name_no_foreign_model(case: Case) -> Iterator[Said]:
    """Model ids usually come to a function as its variables."""
    for reading in case.read_all("environment.variables.*"):
        yield from _said(case, reading, reading.text)


@rule("SOV-AWS-012", *POLICIES)
def policy_grants_no_foreign_model(case: Case) -> Iterator[Said]:
    """A grant of a profile or model of elsewhere."""
    yield from _grants(case, "policy")


@rule("SOV-AWS-012", "aws:iam/role:Role")
def inline_policy_grants_no_foreign_model(case: Case) -> Iterator[Said]:
    """The same inside a role."""
    yield from _grants(case, "inlinePolicies[].policy")


def _grants(case: Case, path: str) -> Iterator[Said]:
    for found in documents(case, path):
        for statement in found.statements:
            if statement.allows:
                for text in statement.texts("resource"):
                    yield from _said(case, found.at, text, f" ({statement.label})")


def _said(case: Case, at: Reading, text: str, where: str = "") -> Iterator[Said]:
    found = leaves(case.stack, text)
    if found:
        yield case.fail(at, f"{at.path}{where} lets inference leave the boundary: {found}")
