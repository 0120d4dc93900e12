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

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_BILLING_ACCOUNT = re.compile(r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}")


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


def _account_id(value: str) -> str:
    if len(value) != ACCOUNT_ID_DIGITS or not (value.isascii() and value.isdigit()):
        raise refusal(
            f"{shown(value)} is not an AWS account id, which has {ACCOUNT_ID_DIGITS} digits and nothing else",
            consequence="The provider may touch this one account only, so AWS would refuse every call.",
            remedy=f"Copy the {ACCOUNT_ID_DIGITS} digits, without dashes or spaces, in quotes.",
        )
    return value


def _guid(value: str) -> str:
    if not _GUID.fullmatch(value):
        raise refusal(
            f"{shown(value)} is not an id of Azure, which has 32 lower-case hexadecimal digits in five groups",
            consequence="Azure would refuse every call.",
            remedy="Copy it from `az account show` (id, tenantId).",
        )
    return value


def _project_id(value: str) -> str:
    if not _PROJECT_ID.fullmatch(value):
        raise refusal(
            f"{shown(value)} is not a project id of Google Cloud: 6 to 30 lower-case letters, digits and dashes, "
            "a letter first, no dash last",
            consequence="Google Cloud would refuse every call.",
            remedy="Copy the id (not the name) from `gcloud projects list`.",
        )
    return value


def _project_number(value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        raise refusal(
            f"{shown(value)} is not a project number, which has digits and nothing else",
            consequence="The service agents that need the encryption key could not be named.",
            remedy="Copy it from `gcloud projects list`, in quotes.",
        )
    return value


def _billing_account(value: str) -> str:
    if not _BILLING_ACCOUNT.fullmatch(value):
        raise refusal(
            f"{shown(value)} is not a billing account: three groups of six hexadecimal digits, in capitals",
            consequence="Google Cloud would refuse the budget.",
            remedy="Copy it from `gcloud billing accounts list`.",
        )
    return value


AwsRegion = Annotated[str, AfterValidator(region_check("aws")), Field(json_schema_extra=_names("aws"))]
AzureRegion = Annotated[str, AfterValidator(region_check("azure")), Field(json_schema_extra=_names("azure"))]
GcpRegion = Annotated[str, AfterValidator(region_check("gcp")), Field(json_schema_extra=_names("gcp"))]
AwsAccountId = Annotated[str, AfterValidator(_account_id), Field(json_schema_extra={"pattern": "^[0-9]{12}$"})]
AzureId = Annotated[str, AfterValidator(_guid), Field(json_schema_extra={"pattern": f"^{_GUID.pattern}$"})]
GcpProjectId = Annotated[
    str, AfterValidator(_project_id), Field(json_schema_extra={"pattern": f"^{_PROJECT_ID.pattern}$"})
]
GcpProjectNumber = Annotated[str, AfterValidator(_project_number), Field(json_schema_extra={"pattern": "^[0-9]+$"})]
GcpBillingAccount = Annotated[
    str, AfterValidator(_billing_account), Field(json_schema_extra={"pattern": f"^{_BILLING_ACCOUNT.pattern}$"})
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
