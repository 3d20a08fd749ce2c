"""What people see of a business in WhatsApp."""

from typing import Self

import strawberry
from strawberry import Info

from domain.channels import profiles
from domain.channels.profiles import ProfileChange, differs
from schema.context import Context


@strawberry.type(description="What people see of the business in WhatsApp.")
class BusinessProfile:
    display_name: str = strawberry.field(description="The name, as the network approved it.")
    category: str | None = strawberry.field(description="The network's word for the trade, such as RETAIL.")
    about: str | None = strawberry.field(description="A line about the business.")
    description: str | None = strawberry.field(description="More about it.")
    email: str | None = strawberry.field(description="Where people reach it by mail.")
    websites: list[str] = strawberry.field(description="At most two addresses.")
    address: str | None = strawberry.field(description="Where it is.")

    @strawberry.field(
        description="True where it differs from the organization's legal name; false also where there is none."
    )
    async def display_name_differs(self, info: Info[Context, None]) -> bool:
        organization = await info.context.loaders.organizations.load(info.context.organization)
        return differs(self.display_name, organization.legal_name)

    @classmethod
    def of(cls, profile: profiles.BusinessProfile) -> Self:
        return cls(
            display_name=profile.display_name,
            category=profile.category,
            about=profile.about,
            description=profile.description,
            email=profile.email,
            websites=list(profile.websites),
            address=profile.address,
        )


@strawberry.input(
    description="What of the business profile shall be different. What is left out or null stays; an empty text or list"
    " takes it away."
)
class BusinessProfileInput:
    display_name: str | None = strawberry.field(
        default=None,
        description="Asked of the network, which reviews it: `profile` shows the old one until it is approved.",
    )
    about: str | None = strawberry.field(default=None, description="At most 139 characters; never empty.")
    description: str | None = strawberry.field(default=None, description="At most 512 characters.")
    category: str | None = strawberry.field(default=None, description="The network's word for the trade.")
    email: str | None = strawberry.field(default=None, description="At most 128 characters.")
    websites: list[str] | None = strawberry.field(
        default=None, description="All of them: at most two, each of at most 256 characters, with http:// or https://."
    )
    address: str | None = strawberry.field(default=None, description="At most 256 characters.")


def asked_change(input: BusinessProfileInput) -> ProfileChange:
    return ProfileChange(
        display_name=input.display_name,
        about=input.about,
        description=input.description,
        category=input.category,
        email=input.email,
        websites=tuple(input.websites) if input.websites is not None else None,
        address=input.address,
    )
