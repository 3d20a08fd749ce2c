"""Messages as the network takes them, field by field."""

from dataclasses import replace
from typing import Any, cast

import pytest

from adapters.whatsapp.outbound import read_body, send_body
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    Filled,
    Interactive,
    Location,
    Option,
    TemplateMessage,
    Text,
)
from domain.conversations.sendable import Sendable
from domain.files.rules import MediaKind
from domain.ids import PhoneNumberId, TemplateId, Wamid
from domain.ports.network import Attachment, Outgoing, ReactionTo


def outgoing(
    content: Sendable | TemplateMessage | ReactionTo | Attachment,
    *,
    wa_id: str | None = "15550102001",
    business_scoped_id: str | None = None,
    reply_to: Wamid | None = None,
) -> Outgoing:
    return Outgoing(PhoneNumberId("700100"), wa_id, business_scoped_id, content, "message-1:1", reply_to)


def a_template(*parameters: Filled) -> TemplateMessage:
    return TemplateMessage(TemplateId("t1"), "bike_ready", "en_US", "Hi Mira", parameters=parameters)


def test_a_text_goes_to_the_number_with_our_message_named_in_it() -> None:
    assert send_body(outgoing(Text("Ready!"))) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "15550102001",
        "type": "text",
        "text": {"body": "Ready!", "preview_url": False},
        "biz_opaque_callback_data": "message-1:1",
    }


def test_a_link_is_shown_with_its_preview_where_that_was_asked_for() -> None:
    body = send_body(outgoing(Text("https://example.com", preview_url=True)))

    assert body["text"] == {"body": "https://example.com", "preview_url": True}


def test_a_reply_names_the_message_it_answers() -> None:
    assert send_body(outgoing(Text("Yes"), reply_to=Wamid("wamid.m1")))["context"] == {"message_id": "wamid.m1"}


def test_somebody_without_a_number_is_written_to_by_their_user_id() -> None:
    body = send_body(outgoing(Text("Hi"), wa_id=None, business_scoped_id="US.7002"))

    assert body["recipient"] == "US.7002"
    assert "to" not in body


def test_the_number_wins_where_both_are_known() -> None:
    body = send_body(outgoing(Text("Hi"), business_scoped_id="US.7002"))

    assert body["to"] == "15550102001"
    assert "recipient" not in body


def test_a_template_without_blanks_has_no_components() -> None:
    body = send_body(outgoing(a_template()))

    assert body["type"] == "template"
    assert body["template"] == {"name": "bike_ready", "language": {"code": "en_US"}}


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (MediaKind.IMAGE, {"type": "image", "image": {"id": "5001"}}),
        (MediaKind.VIDEO, {"type": "video", "video": {"id": "5001"}}),
        (MediaKind.DOCUMENT, {"type": "document", "document": {"id": "5001", "filename": "Invoice.pdf"}}),
    ],
)
def test_a_file_above_the_text_is_the_headers_parameter(kind: MediaKind, named: object) -> None:
    header = Attachment(kind, "5001", file_name="Invoice.pdf")

    template = send_body(replace(outgoing(a_template(Filled("body", "1", "Mira"))), header=header))["template"]

    assert isinstance(template, dict)
    assert template["components"] == [
        {"type": "header", "parameters": [named]},
        {"type": "body", "parameters": [{"type": "text", "text": "Mira"}]},
    ]


def test_a_code_to_copy_and_a_link_are_filled_in_at_their_buttons() -> None:
    given = a_template(Filled("button:0", "1", "A1"), Filled("button:2", "1", "SPRING"))

    template = send_body(outgoing(replace(given, codes=("button:2",))))["template"]

    assert isinstance(template, dict)
    assert template["components"] == [
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "A1"}]},
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "SPRING"}],
        },
    ]


def test_places_are_filled_in_their_order_whatever_order_they_were_given_in() -> None:
    given = [Filled("body", str(place), f"value {place}") for place in (10, 2, 1, 3, 4, 5, 6, 7, 8, 9)]

    template = send_body(outgoing(a_template(*given)))["template"]

    parameters = [{"type": "text", "text": f"value {place}"} for place in range(1, 11)]
    assert isinstance(template, dict)
    assert template["components"] == [{"type": "body", "parameters": parameters}]


def test_header_body_and_link_are_filled_each_in_its_component() -> None:
    given = (Filled("button:1", "1", "A-17"), Filled("header", "1", "Mira"), Filled("body", "1", "Friday"))

    template = send_body(outgoing(a_template(*given)))["template"]

    assert isinstance(template, dict)
    assert template["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "Mira"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Friday"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "A-17"}]},
    ]


def test_blanks_with_names_are_sent_with_their_names() -> None:
    given = (Filled("body", "day", "Friday"), Filled("body", "first_name", "Mira"))

    template = send_body(outgoing(a_template(*given)))["template"]

    assert isinstance(template, dict)
    assert template["components"] == [
        {
            "type": "body",
            "parameters": [
                {"type": "text", "text": "Friday", "parameter_name": "day"},
                {"type": "text", "text": "Mira", "parameter_name": "first_name"},
            ],
        }
    ]


def test_somebody_writing_is_shown_with_the_message_they_answer() -> None:
    assert read_body(Wamid("wamid.m1"), typing=True) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.m1",
        "typing_indicator": {"type": "text"},
    }


def test_a_message_is_marked_as_read_by_its_id() -> None:
    assert read_body(Wamid("wamid.m1")) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.m1",
    }


def test_a_place_goes_with_what_is_known_of_it() -> None:
    assert send_body(outgoing(Location(48.1, -11.5, "Café", "Main St 1"))) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "15550102001",
        "type": "location",
        "location": {"latitude": 48.1, "longitude": -11.5, "name": "Café", "address": "Main St 1"},
        "biz_opaque_callback_data": "message-1:1",
    }
    assert send_body(outgoing(Location(48.1, 11.5)))["location"] == {"latitude": 48.1, "longitude": 11.5}


def test_a_card_goes_with_everything_on_it() -> None:
    cards = ContactCards((ContactCard("Bo Li", ("+1555", "+1556"), ("bo@example.com",), "Acme"), ContactCard("Al")))

    body = send_body(outgoing(cards))

    assert body["type"] == "contacts"
    assert body["contacts"] == [
        {
            "name": {"formatted_name": "Bo Li", "first_name": "Bo Li"},
            "phones": [{"phone": "+1555"}, {"phone": "+1556"}],
            "emails": [{"email": "bo@example.com"}],
            "org": {"company": "Acme"},
        },
        {"name": {"formatted_name": "Al", "first_name": "Al"}},
    ]


@pytest.mark.parametrize(
    ("written", "has_it"),
    [
        ("+1 415 555 0199", "14155550199"),
        ("\u200e+44 (0)7700 900155", "447700900155"),
        ("+49-170-1234567", "491701234567"),
        ("0170 1234567", None),  # of which country, nobody knows
        ("+1555", None),
        ("+1 800 FLOWERS", None),
    ],
)
def test_a_number_on_a_card_says_who_has_it_so_that_the_reader_can_write(written: str, has_it: str | None) -> None:
    (card,) = cast(
        "list[Any]", send_body(outgoing(ContactCards((ContactCard("Repair Desk", (written,)),))))["contacts"]
    )

    assert card["phones"] == [{"phone": written} | ({"wa_id": has_it} if has_it else {})]


def test_a_short_question_goes_with_buttons() -> None:
    body = send_body(outgoing(Interactive("When?", (Option("t", "Today"), Option("l", "Later")), "unused")))

    assert body["type"] == "interactive"
    assert body["interactive"] == {
        "type": "button",
        "body": {"text": "When?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "t", "title": "Today"}},
                {"type": "reply", "reply": {"id": "l", "title": "Later"}},
            ]
        },
    }


def test_a_long_question_goes_with_a_list() -> None:
    options = (Option("0", "Monday", "until six"), *(Option(str(number), f"Day {number}") for number in range(1, 4)))

    body = send_body(outgoing(Interactive("When?", options, "Choose a day")))

    assert body["interactive"] == {
        "type": "list",
        "body": {"text": "When?"},
        "action": {
            "button": "Choose a day",
            "sections": [
                {
                    "rows": [
                        {"id": "0", "title": "Monday", "description": "until six"},
                        {"id": "1", "title": "Day 1"},
                        {"id": "2", "title": "Day 2"},
                        {"id": "3", "title": "Day 3"},
                    ]
                }
            ],
        },
    }


def test_a_reaction_names_its_message_and_an_empty_one_takes_it_away() -> None:
    for emoji in ("👍", ""):
        body = send_body(outgoing(ReactionTo(Wamid("wamid.m1"), emoji)))

        assert body["type"] == "reaction"
        assert body["reaction"] == {"message_id": "wamid.m1", "emoji": emoji}
        assert "context" not in body


@pytest.mark.parametrize(
    ("kind", "shaped"),
    [
        (MediaKind.IMAGE, {"id": "77", "caption": "Look"}),
        (MediaKind.VIDEO, {"id": "77", "caption": "Look"}),
        (MediaKind.DOCUMENT, {"id": "77", "caption": "Look", "filename": "Счёт.pdf"}),
        (MediaKind.AUDIO, {"id": "77", "voice": True}),
        (MediaKind.STICKER, {"id": "77"}),
    ],
)
def test_a_file_goes_by_the_networks_id_with_what_its_kind_may_carry(
    kind: MediaKind, shaped: dict[str, object]
) -> None:
    body = send_body(outgoing(Attachment(kind, "77", "Look", "Счёт.pdf", voice=True)))

    assert body["type"] == kind.value.lower()
    assert body[kind.value.lower()] == shaped


def test_a_file_without_words_and_name_is_its_id_alone() -> None:
    assert send_body(outgoing(Attachment(MediaKind.AUDIO, "77")))["audio"] == {"id": "77"}
    assert send_body(outgoing(Attachment(MediaKind.DOCUMENT, "77")))["document"] == {"id": "77"}
