"""Where a stack stands: one class per cloud, told apart by `cloud`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

import geography
from components.refusal import refusal, shown

BUILT = ("aws",)
ACCOUNT_ID_DIGITS = 12


def _cloud(name: object) -> object:
    if isinstance(name, str) and name in geography.CLOUDS and name not in BUILT:
        raise refusal(
            f"this version does not build on {name} yet",
            consequence="No resource could be made for this stack.",
            remedy=f"Use a cloud that is built: {', '.join(BUILT)}.",
        )
    return name


def _aws_region(name: str) -> str:
    try:
        place = geography.region("aws", name)
    except geography.UnknownRegion as fault:
        also = f" ({' and '.join(fault.clouds)} has one of that name)" if fault.clouds else ""
        near = f"did you mean {' or '.join(fault.suggestions)}? " if fault.suggestions else ""
        raise refusal(
            f"AWS has no region {shown(name)}{also}",
            consequence="Nobody can say under whose law the data would lie.",
            remedy=f"{near}`homeshore regions --cloud aws` lists them all.",
        ) from None
    if place.kind != "region":
        raise refusal(
            f"{name} is a {place.kind} location of AWS, not a region",
            consequence="What lies there is inside no boundary.",
            remedy="Name one region; `homeshore regions --cloud aws` lists them all.",
        )
    return name


def _account_id(value: str) -> str:
    if len(value) != ACCOUNT_ID_DIGITS or not (value.isascii() and value.isdigit()):
        raise refusal(
            f"{shown(value)} is not an AWS account id, which has {ACCOUNT_ID_DIGITS} digits and nothing else",
            consequence="The provider may touch this one account only, so AWS would refuse every call.",
            remedy=f"Copy the {ACCOUNT_ID_DIGITS} digits, without dashes or spaces, in quotes.",
        )
    return value


AwsRegion = Annotated[
    str,
    AfterValidator(_aws_region),
    Field(json_schema_extra={"enum": [r.name for r in geography.regions("aws") if r.kind == "region"]}),
]
AwsAccountId = Annotated[str, AfterValidator(_account_id), Field(json_schema_extra={"pattern": "^[0-9]{12}$"})]


class AwsPlacement(BaseModel):
    """One AWS region of one account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cloud: Annotated[Literal["aws"], BeforeValidator(_cloud)] = Field(
        description="The cloud that the stack stands on.", examples=["aws"]
    )
    region: AwsRegion = Field(
        description="The one region in which every resource of the stack lies; it must lie inside residency.boundary.",
        examples=[next(r.name for r in geography.regions("aws") if r.country == "DE")],
    )
    account_id: AwsAccountId = Field(
        description="The AWS account that the stack may touch, 12 digits in quotes; every other account is refused.",
        examples=["123456789012"],
    )


# Azure and GCP join here as further classes, told apart by `cloud`; components/clouds.py then fails to type-check.
Placement = AwsPlacement
