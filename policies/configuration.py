"""The pack's config: what it is told from outside, validated by us, because the engine's analyzer does not.

One shape for `pulumi preview --policy-pack-config` and `homeshore check --policy-config`: a mapping whose keys are rule
ids, each with an enforcement level, or with `enforcementLevel`; `all`, a level for every rule without one of its own;
and `parameters`, what the whole pack is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

import geography
from policies import standings
from policies.rules import catalogue
from policies.values import SHOWN_CHARACTERS

PARAMETERS: Final = "parameters"
ALL: Final = "all"
LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")

Level: TypeAlias = Literal["advisory", "mandatory", "remediate", "disabled"]
Hours: TypeAlias = Annotated[int, Field(ge=1, le=8760)]
Words: TypeAlias = tuple[Annotated[str, Field(min_length=1)], ...]


class ConfigurationError(ValueError):
    """The pack's config is wrong; `faults` are sentences, each with the path, what is wrong and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Told(BaseModel):
    """The pack's parameters. What is left out is taken from the stack itself, where it says so, else the default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    boundary: str | None = Field(
        default=None,
        description="The area that no data may leave: a jurisdiction, an ISO country code, or several joined with +. "
        "A stack of Homeshore's states its own.",
        examples=["eu"],
    )
    production: bool | None = Field(
        default=None, description="Whether the stack serves production. Left out: what the stack says, else yes."
    )
    allowed_destinations: Words = Field(
        default=(),
        description="Identifiers of things outside the stack (ARNs, ids, bucket names) that somebody has looked at.",
    )
    allowed_hosts: Words = Field(
        default=(), description="Hosts that data may be sent to, although no table knows them."
    )
    allowed_accounts: Words = Field(
        default=(), description="Accounts, tenants and projects that may be granted access."
    )
    sovereignty_level: Literal[1, 2, 3] = Field(
        default=1, description="1: keys of one's own. 2: keys in hardware. 3: keys held outside the cloud."
    )
    strict: bool = Field(default=False, description="Also the stricter reading of a rule, where it has two.")
    log_days: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        default=(1, 3653),
        description="Days for which logs are kept, at least and at most. Where the law asks for more, it holds.",
    )
    stream_hours_at_most: Hours | None = Field(
        default=None,
        description="Hours for which a stream may keep raw events. Left out: the stack's replay hours, 168.",
    )
    topic_hours_at_most: Hours | None = Field(
        default=None,
        description="Hours for which a topic may keep messages. Left out: the stack's replay hours, 168.",
    )
    multi_region_keys: bool = Field(
        default=False, description="Whether keys that exist in several regions are allowed."
    )
    required_labels: Words = Field(
        default=("Owner", "Environment", "DataClassification", "DataResidency"),
        description="Labels that every resource carries which can carry any.",
    )
    placements: Words = Field(
        default=(), description='Where providers may work, "cloud:region" each. Left out: what the stack says.'
    )
    stack_boundaries: dict[str, str] = Field(
        default_factory=dict, description="The boundary of stacks that are referred to, by their full name."
    )
    guardrails_here: bool | None = Field(
        default=None, description="Whether account-wide guard rails must stand in this stack. Left out: in a baseline."
    )
    classified: dict[str, str] = Field(
        default_factory=dict,
        description='Types that no table knows, each with its class and the reason: "none: holds no data, because …".',
    )

    @field_validator("boundary")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is not None:
            _area(name)
        return name

    @field_validator("stack_boundaries")
    @classmethod
    def _are_known(cls, names: dict[str, str]) -> dict[str, str]:
        for stack, name in names.items():
            try:
                _area(name)
            except ValueError as fault:
                raise ValueError(f"{stack}: {fault}") from None
        return names

    @field_validator("classified")
    @classmethod
    def _say_why(cls, classified: dict[str, str]) -> dict[str, str]:
        wrong = standings.faults(classified)
        if wrong:
            raise ValueError("; ".join(wrong))
        return classified

    @field_validator("log_days")
    @classmethod
    def _is_a_span(cls, days: tuple[int, int]) -> tuple[int, int]:
        if days[0] > days[1]:
            raise ValueError(f"at least {days[0]} days and at most {days[1]}: swap them")
        return days


@dataclass(frozen=True)
class Configuration:
    """What the pack was told: its parameters, and levels by rule id."""

    told: Told = field(default_factory=Told)
    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])


def configuration(document: object) -> Configuration:
    """The config in a parsed document. Raises ConfigurationError with every fault."""
    if document is None:
        return Configuration()
    if not isinstance(document, dict):
        raise ConfigurationError(["the document is no mapping of rule ids and `parameters`"])
    rows = {str(key): value for key, value in cast("dict[object, object]", document).items()}
    faults: list[str] = []
    told = Told()
    try:
        told = Told.model_validate(_tuples(_properties(rows.pop(PARAMETERS, None))))
    except ValidationError as fault:
        faults += list(_sentences(fault))
    levels = _levels(rows, faults)
    if faults:
        raise ConfigurationError(faults)
    return Configuration(told, levels)


def _properties(value: object) -> object:
    """The parameters without the level that the real engine puts beside them."""
    if not isinstance(value, dict):
        return {} if value is None or value in LEVELS else value
    return {key: item for key, item in cast("dict[str, object]", value).items() if key != "enforcementLevel"}


def _tuples(value: object) -> object:
    """Lists as tuples, which the frozen model holds; whole numbers that a JSON reader made doubles as such."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return tuple(_tuples(item) for item in cast("list[object]", value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _levels(rows: Mapping[str, object], faults: list[str]) -> dict[str, Level]:
    levels: dict[str, Level] = {}
    for key, value in rows.items():
        if key != ALL and key not in catalogue():
            faults.append(f"{key}: there is no such rule. {_meant(key)}`homeshore policy explain` lists them")
            continue
        others = _beside(value)
        level = cast("dict[str, object]", value).get("enforcementLevel") if isinstance(value, dict) else value
        if others:
            faults += (
                f"{key}.{one}: a rule takes enforcementLevel alone: write it under `parameters`" for one in others
            )
        elif level not in LEVELS:
            faults.append(f"{key}: {_shown(level)} is no level: write one of {', '.join(LEVELS)}")
        elif key != ALL and catalogue()[key].firm and level in ("advisory", "disabled"):
            faults.append(f"{key} takes no lower level than mandatory: {_instead(key)}")
        else:
            levels[key] = level
    return levels


def _beside(value: object) -> list[str]:
    """What else than its level a rule is given."""
    if not isinstance(value, dict):
        return []
    return sorted({str(one) for one in cast("dict[object, object]", value)} - {"enforcementLevel"})


def _instead(key: str) -> str:
    if not key.startswith("SOV-"):
        return catalogue()[key].remedy
    return "declare the transfer in the stack file (`homeshore:transfers`), or widen `boundary` where the law allows it"


def _meant(key: str) -> str:
    from difflib import get_close_matches

    if key in Told.model_fields:
        return f"Did you mean {PARAMETERS}.{key}? "
    near = get_close_matches(key.upper(), list(catalogue()), n=1, cutoff=0.7)
    return f"Did you mean {near[0]}? " if near else ""


def _sentences(fault: ValidationError) -> Iterator[str]:
    for one in fault.errors(include_url=False):
        path = ".".join([PARAMETERS, *map(str, one["loc"])])
        yield f"{path}: {_sentence(one)}"


def _sentence(error: ErrorDetails) -> str:
    """What is wrong with a parameter, as it was found, and what it is for."""
    if error["type"] == "extra_forbidden":
        from difflib import get_close_matches

        near = get_close_matches(str(error["loc"][-1]), list(Told.model_fields), n=1)
        return f"there is no such parameter. {f'Did you mean {near[0]}?' if near else 'Leave it out.'}"
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    message = error["msg"].replace("Input should be", "must be").replace("valid tuple", "list")
    found = f", not {_shown(error['input'])}" if error["type"] != "missing" else ""
    if not error["loc"]:
        return f"must be a mapping of names and values{found}"
    field = Told.model_fields.get(str(error["loc"][0]))
    return f"{message}{found}. {field.description if field else ''}".rstrip()


def _shown(value: object) -> str:
    return json.dumps(value, default=str)[:SHOWN_CHARACTERS]


def _area(name: str) -> geography.Boundary:
    try:
        return geography.area(name)
    except geography.UnknownBoundary as unknown:
        near = f" Did you mean {', '.join(unknown.suggestions)}?" if unknown.suggestions else ""
        raise ValueError(f"there is no boundary {unknown.name!r}.{near} `homeshore regions` lists them") from None
