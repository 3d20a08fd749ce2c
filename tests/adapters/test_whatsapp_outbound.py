"""Messages as the network takes them, field by field."""

import pytest

from adapters.whatsapp.outbound import read_body, send_body
from domain.ids import PhoneNumberId, TemplateId, Wamid
from domain.media import MediaKind
from domain.messages import Filled, TemplateMessage, Text
from domain.ports import Attachment, Outgoing


def outgoing(
    content: Text | TemplateMessage | Attachment,
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


def test_a_message_is_marked_as_read_by_its_id() -> None:
    assert read_body(Wamid("wamid.m1")) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.m1",
    }


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
