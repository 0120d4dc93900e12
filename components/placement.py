"""Where a stack stands: one class per cloud, told apart by `cloud`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

import geography
from components.refusal import refusal, shown

BUILT = ("aws", "azure", "gcp")
ACCOUNT_ID_DIGITS = 12
TITLES = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


def region_check(cloud: str) -> Callable[[str], str]:
    """The check of a region's name on `cloud`: it returns the name, or raises the refusal."""

    def check(name: str) -> str:
        title = TITLES[cloud]
        try:
            place = geography.region(cloud, name)
        except geography.UnknownRegion as fault:
            also = f" ({' and '.join(fault.clouds)} has one of that name)" if fault.clouds else ""
            near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
            raise refusal(
                f"{title} has no region {shown(name)}{also}",
                consequence="Nobody can say under whose law the data would lie.",
                remedy=f"{near}`homeshore regions --cloud {cloud}` lists them all.",
            ) from None
        if place.kind != "region":
            raise refusal(
                f"{title} has {name} as a {place.kind} location, not as a region",
                consequence="What lies there is inside no boundary.",
                remedy=f"Name one region; `homeshore regions --cloud {cloud}` lists them all.",
            )
        return name

    return check


def _names(cloud: str) -> JsonDict:
    return {"enum": [r.name for r in geography.regions(cloud) if r.kind == "region"]}


def _german(cloud: str) -> str:
    """A region for examples: one that lacks none of the services that a stack may use."""
    services = tuple(each.name for each in geography.services(cloud))
    german = (r.name for r in geography.regions(cloud) if r.country == "DE" and r.kind == "region")
    return next(name for name in german if not geography.missing(cloud, name, services))


def _matching(pattern: str, is_not: str, *, consequence: str, remedy: str) -> tuple[AfterValidator, object]:
    """The check that a value is the whole of `pattern`, and the same for editors; `is_not` says what it is not else."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise refusal(f"{shown(value)} is not {is_not}", consequence=consequence, remedy=remedy)
        return value

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^{pattern}$"})


AwsRegion = Annotated[str, AfterValidator(region_check("aws")), Field(json_schema_extra=_names("aws"))]
AzureRegion = Annotated[str, AfterValidator(region_check("azure")), Field(json_schema_extra=_names("azure"))]
GcpRegion = Annotated[str, AfterValidator(region_check("gcp")), Field(json_schema_extra=_names("gcp"))]
AwsAccountId = Annotated[
    str,
    *_matching(
        f"[0-9]{{{ACCOUNT_ID_DIGITS}}}",
        f"an AWS account id, which has {ACCOUNT_ID_DIGITS} digits and nothing else",
        consequence="The provider may touch this one account only, so AWS would refuse every call.",
        remedy=f"Copy the {ACCOUNT_ID_DIGITS} digits, without dashes or spaces, in quotes.",
    ),
]
AzureId = Annotated[
    str,
    *_matching(
        "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "an id of Azure, which has 32 lower-case hexadecimal digits in five groups",
        consequence="Azure would refuse every call.",
        remedy="Copy it from `az account show` (id, tenantId).",
    ),
]
GcpProjectId = Annotated[
    str,
    *_matching(
        "[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "a project id of Google Cloud: 6 to 30 lower-case letters, digits and dashes, a letter first, no dash last",
        consequence="Google Cloud would refuse every call.",
        remedy="Copy the id (not the name) from `gcloud projects list`.",
    ),
]
GcpProjectNumber = Annotated[
    str,
    *_matching(
        "[0-9]+",
        "a project number, which has digits and nothing else",
        consequence="The service agents that need the encryption key could not be named.",
        remedy="Copy it from `gcloud projects list`, in quotes.",
    ),
]
GcpBillingAccount = Annotated[
    str,
    *_matching(
        "[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}",
        "a billing account: three groups of six hexadecimal digits, in capitals",
        consequence="Google Cloud would refuse the budget.",
        remedy="Copy it from `gcloud billing accounts list`.",
    ),
]

REGION_MEANING = "The one region in which every resource of the stack lies; it must lie inside residency.boundary."


class AwsPlacement(BaseModel):
    """One AWS region of one account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cloud: Literal["aws"] = Field(
        description="The cloud that the stack stands on: aws, azure or gcp.", examples=["aws"]
    )
    region: AwsRegion = Field(description=REGION_MEANING, examples=[_german("aws")])
    account_id: AwsAccountId = Field(
        description="The AWS account that the stack may touch, 12 digits in quotes; every other account is refused. "
        "`aws sts get-caller-identity` shows it.",
        examples=["123456789012"],
    )

    @property
    def account(self) -> str:
        """What the placement's names are told apart by: the account."""
        return self.account_id


class AzurePlacement(BaseModel):
    """One Azure region of one subscription."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cloud: Literal["azure"] = Field(
        description="The cloud that the stack stands on: aws, azure or gcp.", examples=["azure"]
    )
    region: AzureRegion = Field(description=REGION_MEANING, examples=[_german("azure")])
    subscription_id: AzureId = Field(
        description="The Azure subscription that the stack stands in, as `az account show` has it (id).",
        examples=["00000000-0000-4000-8000-000000000001"],
    )
    tenant_id: AzureId = Field(
        description="The Microsoft Entra tenant that signs in to the key vault, as `az account show` has it "
        "(tenantId).",
        examples=["00000000-0000-4000-8000-000000000002"],
    )

    @property
    def account(self) -> str:
        """What the placement's names are told apart by: the subscription."""
        return self.subscription_id


class GcpPlacement(BaseModel):
    """One Google Cloud region of one project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cloud: Literal["gcp"] = Field(
        description="The cloud that the stack stands on: aws, azure or gcp.", examples=["gcp"]
    )
    region: GcpRegion = Field(description=REGION_MEANING, examples=[_german("gcp")])
    project_id: GcpProjectId = Field(
        description="The Google Cloud project that the stack stands in: its id, not its name, as "
        "`gcloud projects list` has it.",
        examples=["homeshore-example"],
    )
    project_number: GcpProjectNumber = Field(
        description="The project's number, digits in quotes: Google's service agents, which need the encryption key, "
        "are named by it. `gcloud projects list` shows it too.",
        examples=["123456789012"],
    )
    billing_account: GcpBillingAccount | None = Field(
        default=None,
        description="The billing account that pays for the project; a budget is declared on it, so a stack with a "
        "budget needs it.",
        examples=["0A0A0A-0A0A0A-0A0A0A"],
    )

    @property
    def account(self) -> str:
        """What the placement's names are told apart by: the project."""
        return self.project_id


Placement = AwsPlacement | AzurePlacement | GcpPlacement
"""One of them; components/clouds.py is the only place that asks which."""
