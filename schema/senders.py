"""Who said or did something."""

from typing import Annotated, TypeAlias, assert_never

import strawberry
from strawberry import Info

from domain.actors import Author, ByAutomation, ByContact, ByIntegration, ByPhoneApp, BySystem, ByUser
from domain.ids import ApiKeyId
from schema import users
from schema.context import Context
from schema.later import ApiKey, Contact, User
from schema.scalars import PhoneNumber

DESK = "Deskline"


@strawberry.type(description="A program that came with an API key.")
class Integration:
    key: strawberry.Private[ApiKeyId]

    @strawberry.field(description="The key it came with; null where that is no longer known.")
    async def api_key(self, info: Info[Context, None]) -> ApiKey | None:
        return await users.loaded_key(info.context, self.key)


@strawberry.type(description="A workflow, a program that said what it is, or Deskline by one of its rules.")
class Automation:
    name: str = strawberry.field(description=f'What to show as the sender; "{DESK}" for Deskline itself.')


@strawberry.type(description="The business's own WhatsApp app on a phone.")
class PhoneApp:
    phone_number: PhoneNumber | None = strawberry.field(
        description="The business number it was written from; null where the network did not say."
    )


MessageSender: TypeAlias = Annotated[
    Contact | User | Integration | Automation | PhoneApp,
    strawberry.union(
        "MessageSender",
        description="Who wrote or did it: the contact, a user, a program, a rule, or somebody with the phone in hand.",
    ),
]


async def sender(context: Context, author: Author) -> MessageSender:
    from schema import contacts  # here, since contacts lead to threads, and those to messages and back to this

    match author:
        case ByContact(contact):
            return await contacts.existing(context, contact)
        case ByUser(id):
            user = await users.loaded(context, id)
            assert user is not None, "users are kept for the history"
            return user
        case ByIntegration(api_key):
            return Integration(key=api_key)
        case ByAutomation(name):
            return Automation(name=name)
        case ByPhoneApp(phone_number):
            return PhoneApp(phone_number=PhoneNumber(phone_number) if phone_number else None)
        case BySystem():
            return Automation(name=DESK)
    assert_never(author)
