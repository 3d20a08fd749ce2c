"""What the simulator remembers: numbers, people, conversations, sends. Plain state without any I/O."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from adapters.whatsapp.simulator.graph.files import File
from adapters.whatsapp.simulator.graph.templates import Template
from adapters.whatsapp.simulator.ids import Ids, user_id_of
from adapters.whatsapp.simulator.options import NumberOptions, PersonOptions, SimulatorOptions
from adapters.whatsapp.simulator.wire import JsonObject, digits, instant

Direction: TypeAlias = Literal["in", "out"]  # seen from the phone
Rung: TypeAlias = Literal["sent", "delivered", "read", "played", "failed"]

WINDOW_S: Final = 24 * 60 * 60
MAX_MESSAGES: Final = 10_000  # a conversation
MAX_SENDS: Final = 10_000
MAX_PEOPLE: Final = 10_000
RANK: Final[dict[Rung, int]] = {"sent": 0, "failed": 1, "delivered": 2, "read": 3, "played": 4}
CHANGES: Final = frozenset({"edit", "revoke"})
SENDING: Final = frozenset({"CONNECTED", "FLAGGED", "RESTRICTED", "RATE_LIMITED"})
NOT_OPENING: Final = frozenset({"reaction", "edit", "revoke", "system", "request_welcome"})


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp business account, and the business that owns it."""

    id: str
    name: str
    business_id: str = "400000000000001"
    is_verified: bool = True
    legal_name: str = ""
    phone: str = ""
    website: str = ""
    email: str = ""
    country: str = ""
    time_zone: str = "UTC"
    refusing: int | None = None  # the code that whatever its numbers send is answered with


@dataclass(slots=True)
class Number:
    """A business number and how it stands with the network."""

    id: str
    display_phone_number: str
    verified_name: str
    status: str = "CONNECTED"
    pin: str | None = None
    registrations: deque[float] = field(default_factory=lambda: deque[float](maxlen=16))
    deregistrations: deque[float] = field(default_factory=lambda: deque[float](maxlen=16))
    profile: JsonObject = field(default_factory=lambda: JsonObject())
    account: str = ""
    code_verification_status: str = "VERIFIED"
    name_status: str = "APPROVED"
    platform_type: str = "CLOUD_API"
    quality_rating: str = "GREEN"
    new_name: str | None = None  # asked for, and not approved yet

    @property
    def digits(self) -> str:
        return digits(self.display_phone_number)


@dataclass(slots=True)
class Person:
    """A simulated phone and who holds it."""

    name: str
    wa_id: str | None
    user_id: str
    username: str | None = None
    online: bool = True

    @property
    def id(self) -> str:
        return self.wa_id or self.user_id

    def row(self) -> JsonObject:
        return {
            "waId": self.wa_id,
            "name": self.name,
            "userId": self.user_id,
            "username": self.username,
            "online": self.online,
        }


@dataclass(slots=True)
class Message:
    """One message of a conversation. `reported` are the statuses a business message had so far, in order."""

    id: str
    direction: Direction
    kind: str
    text: str
    at: float
    content: JsonObject = field(default_factory=lambda: JsonObject())
    reply_to: str | None = None
    reacts_to: str | None = None
    status: Rung = "sent"
    callback_data: str | None = None
    by_user_id: bool = False  # addressed by business-scoped user id
    category: str = "service"
    is_free: bool = True  # of charge: inside the window
    is_voice: bool = False
    swallowed: bool = False
    reported: list[Rung] = field(default_factory=list[Rung])
    reactions: dict[str, str] = field(default_factory=dict[str, str])  # who: emoji
    file: File | None = None

    def raise_to(self, rung: Rung) -> bool:
        """Whether `rung` is higher than what the message had; then it has it now."""
        if RANK[rung] <= RANK[self.status]:
            return False
        self.status = rung
        return True

    def row(self) -> JsonObject:
        return {
            "id": self.id,
            "direction": self.direction,
            "text": self.text,
            "kind": self.kind,
            "content": self.content,
            "at": instant(self.at),
            "status": "read" if self.status == "played" else self.status,
            "replyTo": self.reply_to,
            "reactions": [{"emoji": emoji, "from": who} for who, emoji in self.reactions.items()],
            "file": _file_row(self.file) if self.file else None,
        }


@dataclass(slots=True)
class Conversation:
    """All between one number and one person. The window is the 24 hours after the person last wrote."""

    number: Number
    person: Person
    messages: dict[str, Message] = field(default_factory=dict[str, Message])
    last_written_at: float | None = None
    typing_until: float = 0.0

    def is_window_open(self, now: float) -> bool:
        return self.last_written_at is not None and now < self.last_written_at + WINDOW_S

    def note_written(self, kind: str, at: float) -> None:
        if kind not in NOT_OPENING:
            self.last_written_at = max(at, self.last_written_at or at)

    def react(self, message_id: str, who: str, emoji: str) -> None:
        """Sets or (with an empty emoji) removes a reaction. One on an unknown message is nowhere to be seen."""
        target = self.messages.get(message_id)
        if target is None:
            return
        target.reactions.pop(who, None)
        if emoji:
            target.reactions[who] = emoji

    def visible(self) -> list[Message]:
        """Oldest first; what is done to a message shows on that message only."""
        shown = (each for each in self.messages.values() if not each.reacts_to and each.kind not in CHANGES)
        return sorted(shown, key=lambda m: m.at)


@dataclass(frozen=True, slots=True)
class Send:
    """An accepted send request, for counting."""

    wamid: str
    to: str
    kind: str
    callback_data: str | None
    at: float
    body: JsonObject

    def row(self) -> JsonObject:
        return {
            "callbackData": self.callback_data,
            "to": self.to,
            "type": self.kind,
            "at": instant(self.at),
            "wamid": self.wamid,
            "body": self.body,
        }


class World:
    def __init__(self, options: SimulatorOptions, ids: Ids) -> None:
        self._ids = ids
        account = Account(options.business_account_id, options.business_account_name)
        self.accounts: dict[str, Account] = {account.id: account}
        self.numbers = {number.id: _number(number, account.id) for number in options.numbers}
        self.templates: dict[str, Template] = {template.id: template for template in options.templates}
        self.sends: deque[Send] = deque(maxlen=MAX_SENDS)
        self._people: list[Person] = []
        self._person_named: dict[str, Person] = {}
        self._conversations: dict[tuple[str, str], Conversation] = {}
        self._conversation_of: dict[str, Conversation] = {}
        for person in options.people:
            self.add_person(person)

    @property
    def people(self) -> list[Person]:
        return list(self._people)

    def add_person(self, wanted: PersonOptions) -> Person:
        """ValueError when somebody has that number or user id, or there are too many."""
        if len(self._people) >= MAX_PEOPLE:
            raise ValueError(f"there are {MAX_PEOPLE} people already")
        user_id = wanted.user_id or (user_id_of(wanted.wa_id) if wanted.wa_id else self._ids.user())
        for taken in (wanted.wa_id, user_id):
            if taken and self.person(taken) is not None:
                raise ValueError(f"there is somebody with {taken} already")
        person = Person(wanted.name, wanted.wa_id, user_id, wanted.username)
        self._people.append(person)
        self._person_named |= {taken: person for taken in (wanted.wa_id, user_id) if taken}
        return person

    def why_silent(self, number: Number) -> tuple[int, str] | None:
        """The code, and the details, for which nothing of this number is sent; None where it sends."""
        if number.status not in SENDING:
            return 133010, f"Phone number {number.id} is not registered"
        account = self.accounts.get(number.account)
        if account is not None and account.refusing is not None:
            return account.refusing, f"Asked for of the account {account.id}"
        return None

    def person(self, name: str) -> Person | None:
        """By number (in any of the forms its country knows) or by user id."""
        return next((self._person_named[form] for form in phone_forms(name) if form in self._person_named), None)

    def conversation(self, number: Number, person: Person) -> Conversation:
        return self._conversations.setdefault((number.id, person.user_id), Conversation(number, person))

    def conversations_of(self, person: Person) -> Iterator[Conversation]:
        return (found for found in list(self._conversations.values()) if found.person is person)

    def conversation_of(self, message_id: str) -> Conversation | None:
        return self._conversation_of.get(message_id)

    def keep(self, conversation: Conversation, message: Message) -> None:
        """Adds a message, and forgets the conversation's oldest when it is full."""
        conversation.messages[message.id] = message
        self._conversation_of[message.id] = conversation
        if len(conversation.messages) > MAX_MESSAGES:
            oldest = next(iter(conversation.messages))
            del conversation.messages[oldest]
            self._conversation_of.pop(oldest, None)

    def template(self, name: str, language: str) -> Template | None:
        named = (template for template in self.templates.values() if template.name == name)
        return next((template for template in named if template.language == language), None)


def phone_forms(phone: str) -> tuple[str, ...]:
    """The spellings under which one phone is known: Brazil's ninth digit, Argentina's 9, Mexico's 1."""
    number = phone.lstrip("+")
    if number.startswith("549") and len(number) == 13:
        return (number, "54" + number[3:])
    if number.startswith("54") and len(number) == 12:
        return (number, "549" + number[2:])
    if number.startswith("521") and len(number) == 13:
        return (number, "52" + number[3:])
    if number.startswith("52") and len(number) == 12:
        return (number, "521" + number[2:])
    if number.startswith("55") and len(number) == 13 and number[4] == "9":
        return (number, number[:4] + number[5:])
    if number.startswith("55") and len(number) == 12:
        return (number, number[:4] + "9" + number[4:])
    return (number,)


def _file_row(file: File) -> JsonObject:
    return {"id": file.id, "mimeType": file.mime_type, "name": file.name, "bytes": len(file.data)}


def _number(options: NumberOptions, account: str) -> Number:
    return Number(options.id, options.display_phone_number, options.verified_name, account=account)
