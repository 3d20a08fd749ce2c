"""What strangers write is read in time that grows with it and no faster, whatever they write.

Each reader is given each of the texts below, and each of them as part of a link, a mail address and a long word.
A new reader of what strangers write belongs into READERS.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import pytest

from adapters.whatsapp.inbound.updates import CloudInterpreter
from api.http.strict_json import NotJson
from api.http.strict_json import read_json as read_strictly
from domain.channels.template_drafts import TemplateDraft, fault_of
from domain.channels.templates import TemplateCategory, blanks
from domain.contacts import typed_number
from domain.conversations.contents import ContactCard, ContactCards
from domain.files.names import plain_type, safe_name
from domain.files.recognition import STEPS, Glance
from domain.ids import DeliveryId
from domain.moderation.links import blocked_link, normal_block
from domain.moderation.personal_data import PersonalDataPattern, found_in
from domain.moderation.quarantine import Policy, screened
from domain.moderation.stop_words import folded, says_stop
from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.text.words import plain_words
from domain.tickets import subject_from
from schema.engine.answers import SUGGESTION
from schema.engine.values.text_marks import rendered
from tests.builders import an_inbound
from tests.effort import expect_linear, steps

BLOCKS = ("evil.example", "bit.example/a/b/c", "a.a.a.a.example/a", "192.0.2.1", "a.b.example")

REPEATED = [
    "a", "a.", "a/", "/a", "a/../", "a-", "a--.", "a.b@", "@a.", "a.example/a/", "http:", "https://", "https://a.", "http://a,",
    "xn--a.", "%41", "%", "1", "1 ", "1.", "0x1.", "4111 1111-", "4111-", "DE89 3704 ", "ES12", "AAAA990101H",
    "*", "*a ", "* a*", "*_~a~_*", "_a", "`", "`a", "```a", "``a", "{", "{{ ", "{{a", "{{1}}", "<", "[", "(", " ", "\n",
    "\\", "é", "ﬃ", "ﷺ", "\u200b", "\u0315\u0300", "\uff9e\u0300", "Did you mean ", "+1 (", "image/", "٣", "\u2010",
]  # fmt: skip
AROUND: dict[str, Callable[[str], str]] = {
    "alone": lambda text: text,
    "in a link": lambda text: f"```https://x{text}@",
}

READERS: dict[str, Callable[[str], object]] = {
    "links": lambda text: blocked_link(text, BLOCKS),
    "a block": normal_block,
    "personal data": lambda text: found_in(text, frozenset(PersonalDataPattern), {"15550100001"}),
    "stop words": lambda text: (folded(text), says_stop(text, ["stop"])),
    "words of a search": plain_words,
    "marks": rendered,
    "blanks": lambda text: (blanks(text, "body"), fault_of(a_draft(text))),
    "a subject": subject_from,
    "names and numbers": lambda text: (safe_name(text), plain_type(text), typed_number(text)),
    "an error's message": lambda text: SUGGESTION.sub("", text),
}


def a_draft(text: str) -> TemplateDraft:
    return TemplateDraft("a", "en", TemplateCategory.UTILITY, text)


def long(text: str, around: Callable[[str], str], length: int) -> str:
    return around(text * (length // len(text)))


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_read_in_time_that_grows_with_it_and_no_faster(reader: str, around: str) -> None:
    for text in REPEATED:
        try:
            expect_linear(READERS[reader], partial(long, text, AROUND[around]))
        except AssertionError as fault:
            raise AssertionError(f"{reader} of {text!r}: {fault}") from fault


def test_marks_that_have_to_be_put_into_order_are_read_in_time_that_grows_with_them() -> None:
    """Half of one kind and half of another is the worst that can be asked of Unicode's order."""
    for reader in ("links", "personal data", "stop words", "words of a search"):
        expect_linear(READERS[reader], lambda length: "a" + "\u0315" * (length // 2) + "\u0300" * (length // 2))


def test_a_link_of_thousands_of_labels_and_steps_is_read_within_a_few_steps_a_character() -> None:
    """2,000 labels and 2,000 steps of a path, held against one host: it took seconds, and minutes at 8,191."""
    link = f"https://{'a.' * 2000}example{'/a' * 2000}"

    assert steps(lambda: blocked_link(link, ["evil.example"])) < 60 * len(link)


def test_many_texts_of_one_message_are_judged_as_fast_as_one_long_one() -> None:
    blocks = tuple(f"{place}.example" for place in range(1000))
    policy = Policy(blocks, tuple(PersonalDataPattern))

    def judge(cards: bytes) -> None:
        content = ContactCards(tuple(ContactCard("", (phone,)) for phone in cards.decode().split(",")))
        screened(an_inbound(), content, policy)

    expect_linear(judge, lambda length: b"1," * (length // 2))


BODIES: dict[str, Callable[[int], bytes]] = {
    "one long text": lambda length: of_messages([a_message(text={"body": "a." * (length // 2)})]),
    "many short messages": lambda length: of_messages([a_message(text={"body": "a.example"})] * (length // 80)),
    "many cards": lambda length: of_messages([a_message("contacts", contacts=[a_card()] * (length // 60))]),
    "many numbers of one card": lambda length: of_messages([a_message("contacts", contacts=[a_card(length // 30)])]),
    "many products": lambda length: of_messages(
        [a_message("order", order={"product_items": [PRODUCT] * (length // 90)})]
    ),
    "many answers": lambda length: of_messages([a_form({f"answer {n}": [n] for n in range(length // 20)})]),
    "nested answers": lambda length: of_messages([a_form("[" * length)]),
    "many errors": lambda length: of_messages([a_message("x", errors=[{"code": "x"}] * (length // 16))]),
    "many senders": lambda length: of_messages([a_message()], [{"wa_id": str(n)} for n in range(length // 20)]),
    "fields that can't be read": lambda length: of_messages([a_message(text=[], image=[1], more=[0] * (length // 3))]),
    "broken halves of characters": lambda length: b'{"a":"' + rb"\ud83d" * (length // 6) + b'"}',
    "backslashes": lambda length: rb'{"a":"\u0000' + b"\\" * (length // 2 * 2) + b'"}',
    "zeros": lambda length: b'{"a":"' + rb"\u0000" * (length // 6) + b'"}',
    "brackets": lambda length: b"[" * length,
    "digits": lambda length: b"9" * length,
    "keys": lambda length: json.dumps({str(n): n for n in range(length // 12)}).encode(),
}
PRODUCT = {"product_retailer_id": "1", "quantity": 1, "item_price": 2, "currency": "EUR"}


def of_messages(messages: list[object], contacts: list[object] | None = None) -> bytes:
    value = {"metadata": {"phone_number_id": "1"}, "contacts": contacts or [], "messages": messages}
    return json.dumps({"entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}).encode()


def a_message(type: str = "text", **parts: object) -> dict[str, object]:
    return {"id": "m", "from": "15550102001", "type": type, **parts}


def a_card(phones: int = 1) -> dict[str, object]:
    return {"name": {"formatted_name": "Ana"}, "phones": [{"phone": "1"}] * phones}


def a_form(answers: object) -> dict[str, object]:
    told = answers if isinstance(answers, str) else json.dumps(answers)
    return a_message("interactive", interactive={"type": "nfm_reply", "nfm_reply": {"response_json": told}})


def read_webhook(body: bytes) -> None:
    with suppress(Unreadable):
        CloudInterpreter().updates(Delivery(DeliveryId("d"), datetime(2026, 1, 1, tzinfo=UTC), body))


def read_request(body: bytes) -> None:
    with suppress(NotJson):
        read_strictly(body)


@pytest.mark.parametrize("body", BODIES)
def test_json_is_read_in_time_that_grows_with_it_and_no_faster(body: str) -> None:
    expect_linear(read_webhook, BODIES[body])
    expect_linear(read_request, BODIES[body])


HEADERS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "padding": ("image/jpeg", lambda length: b"\xff\xd8" + b"\xff" * length),
    "marks": ("image/jpeg", lambda length: b"\xff\xd8" + b"\xff\x01" * (length // 2)),
    "tracks": ("video/mp4", lambda length: b"\0\0\0\x08moov" + b"\0\0\0\x08trak" * (length // 8)),
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_file_of_nothing_but_headers_is_given_up_on(header: str) -> None:
    """However long it is: what is a step each is counted, padding too."""
    type, file = HEADERS[header]

    def look(bytes: bytes) -> None:
        Glance(type).feed(bytes)

    expect_linear(look, file)
    assert steps(lambda: look(file(STEPS * 32))) <= 1.1 * steps(lambda: look(file(STEPS * 16)))
