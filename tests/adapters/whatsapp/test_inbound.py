"""What is read from webhook bodies, word by word, and what bad ones do."""

import json
import string
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.whatsapp.inbound.items import numbers_named
from adapters.whatsapp.inbound.updates import CloudInterpreter
from domain.channels.template_news import PartsNews, QualityNews, StatusNews, TemplateNews
from domain.channels.templates import Button, TemplateStatus
from domain.contacts import Person
from domain.conversations.contents import (
    ContactCard,
    ContactCards,
    InteractiveReply,
    Location,
    Notice,
    Order,
    OrderItem,
    Text,
    Unsupported,
)
from domain.conversations.messages import Referral
from domain.conversations.status import MessageStatus
from domain.files.rules import MediaKind
from domain.ids import BusinessAccountId, DeliveryId
from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.updates import (
    DeletionReceived,
    EditReceived,
    IdentityChanged,
    Ignored,
    IncomingContent,
    IncomingMedia,
    MessageEchoed,
    MessageReceived,
    ReactionReceived,
    StatusReported,
    TemplateTold,
    Update,
    UpdateKey,
)

PAYLOADS = Path(__file__).parents[2] / "payloads"
ARRIVED = datetime(2026, 1, 1, tzinfo=UTC)
SENT_AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
MIRA = Person(wa_id="15550102001", profile_name="Mira Novak")


def updates_of(body: bytes) -> list[Update]:
    return CloudInterpreter().updates(Delivery(DeliveryId("d1"), ARRIVED, body))


def own(name: str) -> list[Update]:
    return updates_of((PAYLOADS / f"{name}.json").read_bytes())


def own_message(name: str) -> MessageReceived:
    [update] = own(name)
    assert isinstance(update, MessageReceived)
    return update


def with_text(written: str) -> bytes:
    """A body whose text is these characters of JSON."""
    return (
        (PAYLOADS / "text__01.json")
        .read_bytes()
        .replace(rb"  Is my bike ready?\n", written.encode("utf-8", "surrogatepass"))
    )


def with_change(**value: Any) -> bytes:
    metadata = {"phone_number_id": "700100"}
    change = {"field": "messages", "value": {"metadata": metadata, **value}}
    return json.dumps({"entry": [{"id": "800100", "changes": [change]}]}).encode()


# What a message says


def test_a_text_is_read_whole_and_untrimmed_with_its_place_sender_and_time() -> None:
    message = own_message("text__01")

    assert message.place == UpdateKey(DeliveryId("d1"), 0, ARRIVED, message.place.number, message.place.account)
    assert (message.place.number, message.place.account) == ("700100", "800100")
    assert (message.person, message.wamid, message.sent_at) == (MIRA, "wamid.m1", SENT_AT)
    assert message.content == Text("  Is my bike ready?\n")
    assert message.extends_session


def test_the_original_is_kept_as_json() -> None:
    message = own_message("text__02")

    original = json.loads(message.original)
    assert original["from"] == 15550102001
    assert original["future"] == {"a": [1, None]}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\u0000b and \\u0000", "ab and \\u0000"),
        (r"half \ud83d and whole \ud83d\ude00", "half \ufffd and whole \U0001f600"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\u0000\ude00", "\ufffd\ufffd"),
        (r"\\ud83d \" \/", '\\ud83d " /'),
        ("raw \udce9 surrogate", "raw \ufffd surrogate"),
        ("raw \0 nul", "raw  nul"),
        (r"\u202eabc\u0007", "\u202eabc\u0007"),
    ],
)
def test_no_character_of_a_text_makes_it_unreadable(written: str, read: str) -> None:
    [message] = updates_of(with_text(written))

    assert isinstance(message, MessageReceived)
    assert message.content == Text(read)
    assert "\0" not in message.original
    assert "\\u0000" not in message.original.replace("\\\\u0000", "")
    message.original.encode()


def test_a_text_longer_than_anybody_can_type_is_kept_and_not_shown() -> None:
    """Everything that is shown is judged, and what is judged has to have an end."""
    [longest, too_long] = [updates_of(with_text("a" * length))[0] for length in (65_535, 65_536)]

    assert isinstance(longest, MessageReceived)
    assert longest.content == Text("a" * 65_535)
    assert isinstance(too_long, MessageReceived)
    assert too_long.content == Unsupported("text", "It is longer than 65,535 characters; the original is kept.")
    assert "a" * 65_536 in too_long.original


def test_a_file_is_read_with_its_id_kind_and_caption() -> None:
    assert own_message("image__01").content == IncomingMedia(
        MediaKind.IMAGE, "610001", "image/jpeg", caption="The scratch", sha256="aGFzaA=="
    )
    assert own_message("voice__01").content == IncomingMedia(
        MediaKind.AUDIO, "610005", "audio/ogg; codecs=opus", voice=True
    )
    assert own_message("document__01").content == IncomingMedia(
        MediaKind.DOCUMENT, "610006", "application/pdf", caption="My bill", file_name="bill.pdf"
    )
    assert own_message("sticker_animated__01").content == IncomingMedia(
        MediaKind.STICKER, "610008", "image/webp", animated=True
    )


def test_a_place_is_read_with_its_name_and_address_also_where_degrees_are_written_as_words() -> None:
    assert content_of("location", {"latitude": "48.1", "longitude": -11, "name": "Café", "address": "Main St 1"}) == (
        Location(48.1, -11.0, "Café", "Main St 1")
    )


@pytest.mark.parametrize(
    "told", [{}, {"latitude": 91, "longitude": 0}, {"latitude": 0, "longitude": "1e999"}, {"latitude": "north"}]
)
def test_a_place_that_is_nowhere_is_not_shown_as_one(told: dict[str, Any]) -> None:
    assert content_of("location", told) == Unsupported("location", "It does not say where.")


def test_every_number_and_address_of_every_card_is_read() -> None:
    ana: dict[str, Any] = {
        "name": {"formatted_name": "Ana Lima", "first_name": "Ana"},
        "phones": [{"phone": "+1 555 0100", "type": "HOME"}, {"wa_id": "15550101"}],
        "emails": [{"email": "ana@example.com"}, {"email": "lima@example.com"}],
        "org": {"company": "Lima Bakery", "title": "Baker"},
    }

    assert content_of("contacts", [ana, {"name": {"first_name": "Bo", "last_name": "Li"}}]) == ContactCards(
        (
            ContactCard(
                "Ana Lima", ("+1 555 0100", "+15550101"), ("ana@example.com", "lima@example.com"), "Lima Bakery"
            ),
            ContactCard("Bo Li"),
        )
    )


def test_a_card_without_a_name_goes_by_what_is_on_it() -> None:
    cards = content_of("contacts", [{"phones": [{"phone": "555"}]}, {}])

    assert cards == ContactCards((ContactCard("555", ("555",)), ContactCard("Unnamed contact")))


def test_an_odd_field_of_a_card_costs_nothing_around_it() -> None:
    odd = {"name": {"formatted_name": "Ana"}, "org": "Acme", "phones": [{"phone": "+15550102002", "wa_id": [1]}]}
    whole = {"name": {"formatted_name": "Ben"}, "emails": [{"email": "ben@example.com"}]}

    update = told({"type": "contacts", "contacts": [odd, whole]})

    assert isinstance(update, MessageReceived)
    assert update.content == ContactCards(
        (ContactCard("Ana", ("+15550102002",), (), "Acme"), ContactCard("Ben", (), ("ben@example.com",)))
    )


def test_fields_of_a_card_that_are_texts_are_shown_as_what_they_say() -> None:
    plain = {"name": "Ana", "phones": "+15550102002", "emails": "ana@example.com", "org": "Acme"}

    update = told({"type": "contacts", "contacts": [plain, {"phones": " ", "org": 7}]})

    assert isinstance(update, MessageReceived)
    shown = ContactCard("Ana", ("+15550102002",), ("ana@example.com",), "Acme")
    assert update.content == ContactCards((shown, ContactCard("Unnamed contact")))


def test_an_odd_neighbour_costs_neither_a_code_nor_an_advertisement() -> None:
    error = {"code": 131047, "error_data": {"details": ["odd"]}, "title": {"odd": 1}}
    status = {"id": "wamid.o1", "status": "failed", "errors": [error]}
    [update] = updates_of(with_change(statuses=[status]))
    assert isinstance(update, StatusReported)
    assert update.failure is not None
    assert update.failure.code == 131047

    text = {"type": "text", "text": {"body": "Hi"}}
    came = told({**text, "referral": {"source_url": "https://ad.example", "headline": ["odd"], "body": "Bikes"}})
    assert isinstance(came, MessageReceived)
    assert came.referral == Referral("https://ad.example", None, "Bikes", None)


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([{"code": 131026, "title": "Message undeliverable"}], 131026),
        ([{"code": "131049", "title": "Not delivered"}], 131049),
        ([{"code": 131053, "title": "Media upload error", "error_data": "Unsupported media"}], 131053),
        ({"code": 131042, "title": "Business eligibility payment issue"}, 131042),
        (None, None),
        ([], None),
        ([None, True], None),
        ([{"code": 131047, "title": "Re-engagement message", "href": ["https://example.com"]}], 131047),
        (["131026"], 131026),
        ("131026", 131026),
        (["odd", {"title": "no code"}, {"code": 131047}], 131047),
    ],
)
def test_a_failed_mark_tells_its_code_whatever_shape_stands_beside_it(errors: object, code: int | None) -> None:
    status = {"id": "wamid.o1", "status": "failed", "errors": errors}
    [update] = updates_of(with_change(statuses=[status], contacts=[{"wa_id": "15550102001"}]))

    assert isinstance(update, StatusReported)
    assert update.failure is not None
    assert update.failure.code == code


def test_a_failure_that_is_a_word_alone_quotes_it() -> None:
    [update] = updates_of(with_change(statuses=[{"id": "wamid.o1", "status": "failed", "errors": ["out of paper"]}]))

    assert isinstance(update, StatusReported)
    assert update.failure is not None
    assert "out of paper" in f"{update.failure.title} {update.failure.hint}"


def test_an_element_of_a_list_that_is_no_object_costs_itself_alone() -> None:
    phones = [{"phone": "+1 415 555 0164"}, "+1 415 555 0165", None, {"phone": "+1 415 555 0166"}]
    ada = {"name": {"formatted_name": "Ada"}, "phones": phones}

    update = told({"type": "contacts", "contacts": ["Ben", ada, None]})

    assert isinstance(update, MessageReceived)
    assert update.content == ContactCards(
        (
            ContactCard("A card that can't be read"),
            ContactCard("Ada", ("+1 415 555 0164", "+1 415 555 0166")),
            ContactCard("A card that can't be read"),
        )
    )


def test_a_card_that_is_a_text_is_read_as_one() -> None:
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "FN:Vera Card",
        "TEL;type=CELL;waid=14155550167:+1 415 555 0167",
        "item1.TEL:tel:+1-415-555-0168",
        "email;type=WORK:vera@example.com",
        "ORG:Cards Ltd",
        "X-odd",
        "END:VCARD",
    ]
    shared = {"vcard": "\r\n".join(lines), "origin": "contact_request"}

    assert content_of("contacts", [shared]) == ContactCards(
        (
            ContactCard(
                "Vera Card", ("+1 415 555 0167", "+1-415-555-0168"), ("vera@example.com",), organization="Cards Ltd"
            ),
        )
    )


def test_a_number_that_was_asked_for_is_shown_as_the_card_it_came_as() -> None:
    phones = [{"phone": "+1 415 555 0168", "type": "CELL", "wa_id": "14155550168"}]
    card = {"name": {"formatted_name": "Uma"}, "phones": phones, "origin": "contact_request"}
    item = {"type": "contacts", "id": "wamid.a", "from_user_id": "US.7700112233446699", "contacts": [card]}
    [update] = updates_of(with_change(messages=[item | {"context": {"id": "wamid.asked"}}]))

    assert isinstance(update, MessageReceived)
    assert update.reply_to == "wamid.asked"
    assert update.content == ContactCards((ContactCard("Uma", ("+1 415 555 0168",)),))


REQUESTED = {"origin": "contact_request", "name": {"formatted_name": "Uma"}}
WAID = "BEGIN:VCARD\nFN:Uma\nitem1.TEL;type=CELL;waid=14155550168:+1 415 555 0168\nEND:VCARD"


@pytest.mark.parametrize(
    ("card", "sender", "wa_id"),
    [
        (REQUESTED | {"phones": [{"phone": "+1 415 555 0168", "wa_id": "14155550168"}]}, {}, "14155550168"),
        (REQUESTED | {"phones": [{"phone": "+1 415 555 0168"}]}, {}, "14155550168"),
        (REQUESTED | {"vcard": WAID}, {}, "14155550168"),
        (REQUESTED | {"vcard": "FN:Uma\nTEL;type=CELL:+1 415 555 0168"}, {}, "14155550168"),
        (REQUESTED | {"phones": [{"phone": "call me"}]}, {}, None),
        (REQUESTED, {}, None),
        ({"origin": "other", "phones": [{"wa_id": "14155550168"}]}, {}, None),
        ({"phones": [{"wa_id": "14155550168"}]}, {}, None),
        (REQUESTED | {"phones": [{"wa_id": "14155550168"}]}, {"from": "14155550161"}, "14155550161"),
    ],
)
def test_a_number_shared_because_it_was_asked_for_is_its_senders(
    card: dict[str, object], sender: dict[str, object], wa_id: str | None
) -> None:
    item = {"type": "contacts", "id": "wamid.a", "from_user_id": "US.77", "contacts": ["odd", card]}
    [update] = updates_of(with_change(messages=[item | sender]))

    assert isinstance(update, MessageReceived)
    assert update.person == Person(wa_id, "US.77")


@pytest.mark.parametrize(
    ("status", "contacts", "person"),
    [
        ({"recipient_id": "14155550121"}, [], Person("14155550121")),
        ({"recipient_user_id": "US.77"}, [], Person(None, "US.77")),
        (
            {"recipient_id": "14155550121", "recipient_user_id": "US.77"},
            [{"wa_id": "14155550121", "user_id": "US.77", "profile": {"name": "Ben", "username": "@ben"}}],
            Person("14155550121", "US.77", "ben", "Ben"),
        ),
        ({"recipient_id": ""}, [{"wa_id": "", "user_id": "US.77", "profile": 7}], Person(None, "US.77")),
        ({"recipient_id": ["odd"]}, [], None),
        ({}, [], None),
    ],
)
def test_a_mark_names_whom_it_was_sent_to(
    status: dict[str, object], contacts: list[object], person: Person | None
) -> None:
    [update] = updates_of(with_change(statuses=[{"id": "wamid.o", "status": "sent"} | status], contacts=contacts))

    assert isinstance(update, StatusReported)
    assert update.person == person


def test_more_odd_fields_than_anybody_makes_by_mistake_cost_their_list() -> None:
    phones = [{"phone": "+15550102002", "wa_id": [1]} for _ in range(17)]
    card = {"name": {"formatted_name": "Ana"}, "phones": phones}

    assert content_of("contacts", [card]) == ContactCards((ContactCard("Ana"),))


def test_what_was_chosen_is_read_with_its_id() -> None:
    assert own_message("button__01").content == InteractiveReply("yes", "Yes, please")
    assert own_message("button_reply__01").content == InteractiveReply("b1", "Tomorrow")
    row = {"type": "list_reply", "list_reply": {"id": "r1", "title": "Large", "description": "40 cm"}}
    assert content_of("interactive", row) == InteractiveReply("r1", "Large", "40 cm")


@pytest.mark.parametrize(
    ("kind", "body", "content"),
    [
        ("button", {"payload": "ORDER-17-YES", "text": "Yes"}, InteractiveReply("ORDER-17-YES", "Yes")),
        ("button", {"payload": "ORDER-17-NO"}, InteractiveReply("ORDER-17-NO", "ORDER-17-NO")),
        ("button", {"payload": "p", "text": "\u3164"}, InteractiveReply("p", "p")),
        ("button", {"text": " "}, Unsupported("button", "It does not say which button was chosen.")),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": 1, "title": 1.0}},
            InteractiveReply("1", "1"),
        ),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "row-7"}}, InteractiveReply("row-7", "row-7")),
        ("interactive", {"list_reply": {"id": "row-8", "title": "Eight"}}, InteractiveReply("row-8", "Eight")),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "b", "title": ""}}, InteractiveReply("b", "b")),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"description": "40 cm"}},
            InteractiveReply("40 cm", "40 cm", "40 cm"),
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {}},
            Unsupported("interactive:list_reply", "It does not say which row was chosen."),
        ),
        ("interactive", {"future": 1}, Unsupported("interactive", "It does not say what was answered.")),
    ],
)
def test_what_can_be_told_of_a_choice_is_shown(kind: str, body: dict[str, Any], content: IncomingContent) -> None:
    assert content_of(kind, body) == content


def test_a_choice_without_an_id_goes_by_its_words() -> None:
    assert content_of("button", {"text": "Yes"}) == InteractiveReply("Yes", "Yes")
    reply = {"type": "button_reply", "button_reply": {"title": "No"}}
    assert content_of("interactive", reply) == InteractiveReply("No", "No")


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        ('{"size": "L", "extras": ["bell"], "flow_token": "t1"}', 'size: L\nextras: ["bell"]'),
        ({"size": "L"}, "size: L"),
        ('["not an object"]', '["not an object"]'),
        ("{broken", "{broken"),
        ("[" * 60_000, "[" * 60_000),
        (json.dumps({"last": "y" * 6000 + " THE END"}), "last: " + "y" * 6000 + " THE END"),
        (json.dumps(["x" * 400, "THE END"]), json.dumps(["x" * 400, "THE END"])),
        ('{"flow_token": "t1"}', None),
        (None, None),
    ],
)
def test_a_filled_form_shows_its_answers_a_line_each(told: object, answers: str | None) -> None:
    form = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": told}}

    assert content_of("interactive", form) == InteractiveReply("flow", "Sent", answers)


@pytest.mark.parametrize("form", [None, {}, {"name": "flow"}])
def test_a_form_of_which_nothing_is_told_is_not_shown_as_one(form: object) -> None:
    content = content_of("interactive", {"type": "nfm_reply", "nfm_reply": form})

    assert content == Unsupported("interactive:nfm_reply", "It does not say what was filled in.")


def test_an_order_is_read_with_numbers_written_either_way() -> None:
    items = [
        {"product_retailer_id": "BELL", "quantity": "2", "item_price": "4.50", "currency": "EUR"},
        {"product_retailer_id": 7, "quantity": 1, "item_price": 30, "currency": "EUR"},
    ]

    assert content_of("order", {"catalog_id": "c1", "text": "Blue, please", "product_items": items}) == Order(
        (OrderItem("BELL", 2, Decimal("4.50"), "EUR"), OrderItem("7", 1, Decimal("30"), "EUR")), "Blue, please"
    )


@pytest.mark.parametrize(
    ("product", "told"),
    [
        ({"product_retailer_id": "sku-2", "quantity": 1, "currency": "EUR"}, "1 of sku-2, at a price that is not told"),
        (
            {"product_retailer_id": "cheese", "quantity": 0.5, "item_price": 20, "currency": "EUR"},
            "0.5 of cheese, 20 EUR each",
        ),
        ({"product_retailer_id": "tea", "quantity": 2, "item_price": "10,50"}, "2 of tea, 10,50 each"),
        ({"quantity": {"odd": 1}, "item_price": 1}, "a product without a name, how many is not told, 1 each"),
        ("sku-9", "a product that can't be read"),
    ],
)
def test_a_product_that_cannot_be_told_exactly_is_read_in_words_beside_the_others(product: object, told: str) -> None:
    bell = {"product_retailer_id": "BELL", "quantity": 2, "item_price": 4}

    mixed = content_of("order", {"text": "Soon, please", "product_items": [product, bell]})
    alone = content_of("order", {"product_items": [product]})

    assert mixed == Order((OrderItem("BELL", 2, Decimal(4), ""),), f"Soon, please\nAlso ordered: {told}")
    assert alone == Order((), f"Also ordered: {told}")


def test_a_free_product_costs_nothing_and_an_order_of_nothing_is_none() -> None:
    free = {"product_retailer_id": "gift", "quantity": 1, "item_price": 0, "currency": "BRL"}

    assert content_of("order", {"text": None, "product_items": [free]}) == Order(
        (OrderItem("gift", 1, Decimal(0), "BRL"),)
    )
    assert content_of("order", {"text": "Hm"}) == Unsupported("order", "It does not say what is ordered.")


# What is done to earlier messages


def told(item: dict[str, Any]) -> Update:
    [update] = updates_of(with_change(messages=[{"id": "wamid.m1", "from": "15550102001", **item}]))
    return update


def test_an_edit_names_its_message_and_says_the_new() -> None:
    new = {"type": "image", "image": {"id": "610001", "mime_type": "image/jpeg", "caption": "Better"}}

    update = told({"type": "edit", "timestamp": "1764000000", "edit": {"original_message_id": "m0", "message": new}})

    assert isinstance(update, EditReceived)
    assert (update.target, update.wamid, update.sent_at, update.echoed) == ("m0", "wamid.m1", SENT_AT, False)
    assert update.content == IncomingMedia(MediaKind.IMAGE, "610001", "image/jpeg", caption="Better")


def test_an_edit_that_does_not_say_the_new_is_kept_as_unsupported() -> None:
    update = told({"type": "edit", "edit": {"original_message_id": "m0"}})

    assert isinstance(update, EditReceived)
    assert update.content == Unsupported("edit", "It does not say what was changed.")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("edit", "It does not say which message it changes."), ("revoke", "It does not say which message is deleted.")],
)
def test_a_change_of_no_message_is_a_message_that_cannot_be_shown_and_extends_no_session(
    kind: str, reason: str
) -> None:
    update = told({"type": kind, kind: {}})

    assert isinstance(update, MessageReceived)
    assert (update.content, update.extends_session) == (Unsupported(kind, reason), False)


def test_a_deletion_names_its_message() -> None:
    update = told({"type": "revoke", "revoke": {"original_message_id": "m0"}})

    assert isinstance(update, DeletionReceived)
    assert (update.target, update.person.wa_id) == ("m0", "15550102001")


# What is written in the phone's own app


def echoed(item: dict[str, Any], **value: Any) -> Update:
    body = {"metadata": {"phone_number_id": "700100"}, "message_echoes": [{"id": "wamid.e1", **item}], **value}
    change = {"field": "smb_message_echoes", "value": body}
    [update] = updates_of(json.dumps({"entry": [{"id": "800100", "changes": [change]}]}).encode())
    return update


def test_an_echo_names_whom_it_was_written_to_and_not_who_wrote_it() -> None:
    item = {"from": "15550107001", "to": "15550102001", "timestamp": "1764000000", "type": "text"}
    senders = [{"wa_id": "15550102001", "profile": {"name": "Mira Novak"}}]

    update = echoed(item | {"text": {"body": "Done"}, "context": {"id": "wamid.m0"}}, contacts=senders)

    assert isinstance(update, MessageEchoed)
    assert (update.person, update.sent_at, update.content) == (MIRA, SENT_AT, Text("Done"))
    assert (update.wamid, update.reply_to, update.forwarded) == ("wamid.e1", "wamid.m0", False)


def test_an_echo_to_somebody_without_a_number_goes_by_their_id() -> None:
    update = echoed({"from": "15550107001", "to_user_id": "US.1", "type": "text", "text": {"body": "Done"}})

    assert isinstance(update, MessageEchoed)
    assert update.person == Person(business_scoped_id="US.1")


def test_changes_made_in_the_phones_app_are_told_as_ours() -> None:
    to = {"from": "15550107001", "to": "15550102001"}
    edit = echoed({**to, "type": "edit", "edit": {"original_message_id": "m0", "message": {"text": {"body": "x"}}}})
    deletion = echoed({**to, "type": "revoke", "revoke": {"original_message_id": "m0"}})
    reaction = echoed({**to, "type": "reaction", "reaction": {"message_id": "m0", "emoji": "🎉"}})

    assert isinstance(edit, EditReceived)
    assert isinstance(deletion, DeletionReceived)
    assert isinstance(reaction, ReactionReceived)
    assert (edit.echoed, deletion.echoed, reaction.echoed) == (True, True, True)
    assert edit.content == Text("x")


@pytest.mark.parametrize("item", [{"type": "text"}, {"type": "text", "to": "nobody"}])
def test_an_echo_to_nobody_is_kept_with_the_reason(item: dict[str, Any]) -> None:
    update = echoed(item)

    assert isinstance(update, Ignored)
    assert update.reason == "unreadable: a message (text) whose recipient is not told"


# Other names


def test_a_changed_number_tells_the_old_and_the_new() -> None:
    system = {"type": "user_changed_user_id", "body": "Changed", "wa_id": "15550109999", "user_id": "US.2"}

    update = told({"type": "system", "system": system})

    assert isinstance(update, IdentityChanged)
    assert (update.person, update.renamed) == (Person("15550102001"), Person("15550109999", "US.2"))
    assert (update.notice, update.wamid) == (Notice("Changed"), "wamid.m1")


def test_a_changed_number_that_is_not_told_is_a_notice_alone() -> None:
    update = told({"type": "system", "system": {"type": "user_changed_number", "body": "Changed"}})

    assert isinstance(update, MessageReceived)
    assert update.content == Notice("Changed")


@pytest.mark.parametrize(
    "item", [None, {}, {"user_id": {"current": "US.2"}}, {"wa_id": "1555", "user_id": {"previous": "US.1"}}]
)
def test_a_changed_user_id_that_names_nobody_or_nothing_is_kept_with_the_reason(item: object) -> None:
    value = {"metadata": {"phone_number_id": "700100"}, "user_id_update": [item]}
    change = {"field": "user_id_update", "value": value}

    [update] = updates_of(json.dumps({"entry": [{"id": "800100", "changes": [change]}]}).encode())

    assert isinstance(update, Ignored)
    assert update.reason == "unreadable: a user id that changed"


def content_of(kind: str, body: object) -> IncomingContent:
    item = {"id": "wamid.m1", "from": "15550102001", "timestamp": "1764000000", "type": kind, kind: body}
    [update] = updates_of(with_change(messages=[item]))
    assert isinstance(update, MessageReceived)
    return update.content


def test_a_file_without_a_type_and_with_numbers_for_words_is_read_all_the_same() -> None:
    assert own_message("image_numbers__01").content == IncomingMedia(
        MediaKind.IMAGE, "610002", "application/octet-stream", caption="42"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("system_changed_number__01", "Mira Novak changed from 15550102001 to 15550102003"),
        ("system_changed_number__02", "The contact changed their number."),
        ("system_identity_changed__01", "The contact's security code changed."),
        ("system_empty__01", "Something about the contact changed."),
    ],
)
def test_a_notice_tells_what_happened_and_extends_no_session(name: str, text: str) -> None:
    [update] = own(name)

    if isinstance(update, MessageReceived):
        assert not update.extends_session
        assert update.content == Notice(text)
    else:
        assert isinstance(update, IdentityChanged)
        assert update.notice == Notice(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("contacts_empty__01", Unsupported("contacts", "It came without a card.")),
        ("kind_future__01", Unsupported("hologram", "This kind of message is not known here yet.")),
        (
            "interactive_future__01",
            Unsupported("interactive:hologram_reply", "This kind of message is not known here yet."),
        ),
        (
            "unsupported__01",
            Unsupported("unsupported", "Message type unknown: Message type is currently not supported."),
        ),
        ("unsupported__02", Unsupported("poll", "Message type unknown")),
        ("unsupported__03", Unsupported("unsupported", "The network does not pass on what it is.")),
        ("document_with_errors__01", Unsupported("document", "Media download error: The file is too large.")),
        ("image_no_id__01", Unsupported("image", "It came without the id by which the file could be fetched.")),
        ("text_empty__01", Unsupported("text", "It has no text.")),
    ],
)
def test_what_cannot_be_shown_says_why_and_extends_the_session(name: str, content: Unsupported) -> None:
    message = own_message(name)

    assert message.content == content
    assert message.extends_session


def test_a_part_that_cannot_be_read_costs_no_more_than_itself() -> None:
    updates = own("batch_bad_items__01")

    contents = [update.content for update in updates if isinstance(update, MessageReceived)]
    assert isinstance(contents[0], Unsupported)
    assert contents[0].reason.startswith("It could not be read")
    assert contents[1] == Text("a context that is none")
    assert contents[3] == Text("the good one")


def test_an_advertisement_is_named_with_what_is_told_of_it() -> None:
    assert own_message("text_referral__01").referral == Referral(
        "https://example.com/ad", "Spring bikes", "Now with lights", "9001"
    )
    assert own_message("text_referral_bare__01").referral == Referral("")


def test_texts_of_an_advertisement_have_an_end_and_say_where_they_were_cut() -> None:
    odd = {"source_url": "https://ad.example/" + "u" * 4096, "headline": "h" * 4097, "body": "b" * 4096}
    came = told({"type": "text", "text": {"body": "Hi"}, "referral": odd | {"source_id": 120200000000000001}})

    assert isinstance(came, MessageReceived)
    assert came.referral == Referral("", "h" * 4095 + "…", "b" * 4096, "120200000000000001")


def test_a_notice_of_the_networks_has_an_end() -> None:
    update = told({"type": "system", "system": {"body": "n" * 5000}})

    assert isinstance(update, MessageReceived)
    assert update.content == Notice("n" * 4095 + "…")


def test_a_chat_that_was_only_opened_leaves_a_notice_with_its_advertisement() -> None:
    update = told({"type": "request_welcome", "referral": {"source_id": "9", "headline": "Chat with us"}})

    assert isinstance(update, MessageReceived)
    assert update.content == Notice("The contact opened the chat.")
    assert update.referral == Referral("", "Chat with us", None, "9")
    assert (update.extends_session, update.opens_thread) == (False, True)


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ({}, None),
        ({"profile": None}, None),
        ({"profile": {"name": " "}}, None),
        ({"profile": {"name": "\u3164"}}, None),
        ({"profile": {"name": "\u200b\u2800"}}, None),
        ({"profile": {"name": "\ud800"}}, None),
        ({"profile": {"name": {"first": "x"}}}, None),
        ({"profile": {"name": "\u202eevil\u200bname\n2"}}, "\u202eevil\u200bname\n2"),
        ({"profile": {"name": "a" * 600}}, "a" * 511 + "…"),
        ({"profile": {"name": "Zo\u00eb \U0001f9f6", "username": "z" * 600}}, "Zo\u00eb \U0001f9f6"),
    ],
)
def test_a_name_nobody_can_see_is_none(contact: dict[str, Any], name: str | None) -> None:
    text = {"id": "wamid.m1", "from": "15550102001", "type": "text", "text": {"body": "b"}}
    [update] = updates_of(with_change(contacts=[{"wa_id": "15550102001", **contact}], messages=[text]))

    assert isinstance(update, MessageReceived)
    assert update.person == Person("15550102001", profile_name=name)


def test_times_are_passed_on_as_told_and_nonsense_is_none() -> None:
    told = [update.sent_at for update in own("text_times__01") if isinstance(update, MessageReceived)]

    assert told == [
        None,
        None,
        None,
        None,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2025, 11, 24, 16, 0, 0, 500_000, tzinfo=UTC),
    ]


def test_a_reaction_names_its_message_and_an_empty_one_takes_it_away() -> None:
    [given_one] = own("reaction__01")
    [taken] = own("reaction_removed__02")

    assert isinstance(given_one, ReactionReceived)
    assert (given_one.target, given_one.emoji, given_one.sent_at) == ("wamid.o1", "👍🏽", SENT_AT)
    assert isinstance(taken, ReactionReceived)
    assert taken.emoji is None


@pytest.mark.parametrize("words", ["Call +1 555 010 2001", "👍 or so", "👍👍", 7])
def test_a_reaction_that_is_no_emoji_is_a_message_that_cannot_be_shown_without_its_words(words: object) -> None:
    update = told({"type": "reaction", "reaction": {"message_id": "m0", "emoji": words}})

    assert isinstance(update, MessageReceived)
    assert update.content == Unsupported("reaction", "A reaction is an emoji, and this is none.")
    assert (update.reply_to, update.extends_session) == ("m0", False)


# Who it is from


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("text__02", Person(wa_id="15550102001")),
        ("bsuid_text__01", Person(None, "US.70020030040", "mira.novak", "Mira Novak")),
        ("bsuid_text__02", Person(None, "US.70020030040", None, "Mira Novak")),
        ("bsuid_text__03", Person(None, "US.70020030040", None, "Mira Novak")),
        ("bsuid_text__04", Person("15550102001", "US.70020030040", "mira.novak", "Mira Novak")),
        ("bsuid_text__05", Person("15550102001", "US.70020030040", None, "Mira Novak")),
        ("bsuid_malformed__01", MIRA),
    ],
)
def test_the_sender_is_who_the_message_and_the_contacts_name(name: str, person: Person) -> None:
    assert own_message(name).person == person


def test_a_number_may_be_written_with_a_plus() -> None:
    sender = {"wa_id": "15550102001", "profile": {"name": "Mira Novak"}}
    message = {"from": "+15550102001", "id": "wamid.m1", "type": "text", "text": {"body": "Hi"}}

    [update] = updates_of(with_change(contacts=[sender], messages=[message]))

    assert isinstance(update, MessageReceived)
    assert update.person == MIRA


def test_a_sender_is_never_guessed_from_several_contacts() -> None:
    senders = [{"wa_id": "15550102001"}, {"wa_id": "15550102002"}]
    message = {"id": "wamid.m1", "type": "text", "text": {"body": "Hi"}}

    [update] = updates_of(with_change(contacts=senders, messages=[message]))

    assert isinstance(update, Ignored)


# Statuses


def test_a_status_names_the_message_its_time_and_our_own_word() -> None:
    [update] = own("status_sent_callback_data__01")

    assert isinstance(update, StatusReported)
    assert (update.wamid, update.status, update.at) == ("wamid.o1", MessageStatus.SENT, SENT_AT)
    assert (update.callback, update.failure) == ("our-id:1", None)


def test_a_failed_status_says_why_and_what_to_do() -> None:
    [update] = own("status_failed__02")

    assert isinstance(update, StatusReported)
    assert update.failure is not None
    assert (update.failure.code, update.failure.retryable) == (131047, False)
    assert "template" in update.failure.hint


def test_a_failure_unknown_to_us_quotes_the_network() -> None:
    [update] = own("status_failed__03")

    assert isinstance(update, StatusReported)
    assert update.failure is not None
    assert update.failure.hint.endswith("The network said: From the future")


# Places


def test_places_count_over_entries_changes_and_lists_in_written_order() -> None:
    places = [update.place for update in own("batch__01")]

    assert [(place.index, place.number, place.account) for place in places] == [
        (0, "700100", "800100"),
        (1, "700100", "800100"),
        (2, "700100", "800100"),
        (3, "700100", "800100"),
        (4, None, "800100"),
        (5, "700200", "800200"),
    ]


def test_reasons_are_cut_to_a_readable_length() -> None:
    [update] = updates_of(json.dumps({"entry": [{"changes": [{"field": "x" * 100_000}]}]}).encode())

    assert isinstance(update, Ignored)
    assert len(update.reason) < 300


def test_an_id_too_long_to_be_one_is_not_taken() -> None:
    message = {"from": "15550102001", "id": "w" * 10_000, "type": "text", "text": {"body": "Hi"}}

    [update] = updates_of(with_change(messages=[message]))

    assert update == Ignored(update.place, "unreadable: a message (text) without an id")


# The numbers a body names


def test_every_number_of_a_body_is_named() -> None:
    assert numbers_named((PAYLOADS / "batch__01.json").read_bytes()) == {"700100", "700200"}
    assert numbers_named((PAYLOADS / "account_update__01.json").read_bytes()) == set()
    assert numbers_named(b"[]") == set()
    assert numbers_named(with_text(r"\ud800")) == {"700100"}


def test_what_is_no_list_of_entries_or_changes_names_nobody() -> None:
    change: dict[str, Any] = {
        "field": "messages",
        "value": {"metadata": {"phone_number_id": "700100"}, "messages": [{}]},
    }
    entries: tuple[Any, ...] = (
        change,
        {"id": "800100", "changes": [change]},
        [{"id": "800100", "changes": change}],
    )

    for entry in entries:
        body = json.dumps({"entry": entry}).encode()
        [update] = updates_of(body)
        assert isinstance(update, Ignored)
        assert (update.place.number, update.place.account, numbers_named(body)) == (None, None, set())


# Bad bodies

BOMBS = {
    "empty": b"",
    "words": b"hello",
    "form": b"a=1&b=2",
    "cut": b'{"entry": [',
    "deep": b'{"entry":' + b"[" * 100_000,
    "deep and whole": b"[" * 100_000 + b"]" * 100_000,
    "huge number": b'{"entry": ' + b"1" * 5_000 + b"}",
    "beyond all numbers": b'{"entry": 1e999}',
    "no number": b'{"entry": NaN}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"entry": "\xff\xfe"}',
    "UTF-16": '{"entry": []}'.encode("utf-16"),
    "surrogate and cut": b'{"entry": "\\ud800',
    "nul outside of text": b'{"entry": \0\0[}',
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_what_is_no_json_is_unreadable_with_a_reason(name: str) -> None:
    with pytest.raises(Unreadable) as found:
        updates_of(BOMBS[name])

    assert str(found.value)
    assert numbers_named(BOMBS[name]) is None


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_json_that_is_no_object_is_unreadable_and_names_no_number(body: bytes) -> None:
    with pytest.raises(Unreadable, match="not an object"):
        updates_of(body)

    assert numbers_named(body) == set()


def test_a_body_of_far_more_items_than_the_network_sends_is_not_taken_apart() -> None:
    assert len(updates_of(with_change(statuses=[{}] * 20_000))) == 20_000
    with pytest.raises(Unreadable, match="more than 20,000 items"):
        updates_of(with_change(statuses=[{}] * 20_001))


HOSTILE = {
    "backslashes behind a NUL": b'{"a":"\\u0000' + b"\\" * 4_000_000 + b'"}',
    "halves of characters": b'{"a":"' + b"\\ud800" * 600_000 + b'"}',
    "whole characters behind a NUL": b'{"a":"\\u0000' + b"\\ud83d\\ude00" * 300_000 + b'"}',
    "raw halves": b'{"a":"' + b"\xed\xa0\x80" * 1_300_000 + b'"}',
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_body_made_to_be_cleaned_is_read_in_a_moment(name: str) -> None:
    began = time.process_time()

    assert numbers_named(HOSTILE[name]) == set()

    assert time.process_time() - began < 2.0  # some tenths of a second here; a second pass per character takes far more


def test_a_deep_part_spoils_nothing_but_its_own_message() -> None:
    deep = "[" * 400 + "]" * 400
    good = '{"from": "15550102001", "id": "wamid.m1", "type": "text", "text": {"body": "Hi"}}'
    bad = f'{{"from": "15550102001", "id": "wamid.m2", "type": "hologram", "hologram": {deep}}}'
    value = f'{{"metadata": {{"phone_number_id": "1"}}, "messages": [{bad}, {good}]}}'

    updates = updates_of(f'{{"entry": [{{"changes": [{{"field": "messages", "value": {value}}}]}}]}}'.encode())

    assert len(updates) == 2
    assert isinstance(updates[1], MessageReceived)


VOCABULARY = """
    entry changes value field messages statuses errors contacts metadata phone_number_id id from from_user_id type text
    body image context timestamp reaction message_id interactive system status wa_id user_id profile error_data standby
    referral code
"""
NAMES = st.sampled_from(VOCABULARY.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["messages", "text", "image", "failed", "reaction", "interactive", "1764000000", "US.1", ""])
    | st.text(string.printable, max_size=8)
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=30
)


@given(st.dictionaries(NAMES, ANYTHING, max_size=3), ANYTHING, ANYTHING)
def test_any_object_whatever_is_in_it_becomes_updates(body: dict[str, Any], messages: Any, statuses: Any) -> None:
    value = {"metadata": {"phone_number_id": 1}, "messages": messages, "statuses": statuses}
    body["entry"] = [body.get("entry"), {"changes": [{"field": "messages", "value": value}]}]

    updates = updates_of(json.dumps(body).encode())

    assert [update.place.index for update in updates] == list(range(len(updates)))
    assert updates
    for update in updates:
        if isinstance(update, MessageReceived):
            assert update.place.number
            assert update.person.lane


PIECES = [
    "\\u0000",
    "\\u",
    "\\",
    "\\\\",
    "00",
    "0",
    "d",
    "\\ud83d",
    "\\ude00",
    "\\uDC00",
    "\0",
    "\x01",
    "\ud800",
    "x",
    "é",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_a_text_that_is_read_is_always_clean(pieces: list[str]) -> None:
    try:
        [message] = updates_of(with_text("t" + "".join(pieces)))
    except Unreadable:
        return
    assert isinstance(message, MessageReceived)
    assert isinstance(message.content, Text)
    assert "\0" not in message.content.body
    message.content.body.encode()


def test_broken_escapes_make_no_nul_by_losing_one() -> None:
    with pytest.raises(Unreadable):
        updates_of(with_text(r"\u00\u000000"))


@given(st.binary(max_size=200))
def test_any_bytes_become_updates_or_are_unreadable(body: bytes) -> None:
    try:
        updates = updates_of(body)
    except Unreadable:
        return
    assert updates


# News of templates


def told_of_a_template(field: str, time: object = 1764000000, **value: object) -> Update:
    change = {"field": field, "value": {"message_template_id": 990001, **value}}
    [update] = updates_of(json.dumps({"entry": [{"id": "800100", "time": time, "changes": [change]}]}).encode())
    return update


def news_of(field: str, **value: object) -> TemplateNews | None:
    update = told_of_a_template(field, **value)
    assert isinstance(update, TemplateTold)
    return update.news


def test_news_of_a_template_name_it_its_account_and_the_networks_time() -> None:
    update = told_of_a_template("message_template_status_update", event="APPROVED", reason="NONE")

    place = UpdateKey(DeliveryId("d1"), 0, ARRIVED, None, BusinessAccountId("800100"))
    assert update == TemplateTold(place, "990001", StatusNews(TemplateStatus.APPROVED), SENT_AT)


@pytest.mark.parametrize(("time", "told_at"), [(1764000000000, SENT_AT), ("1764000000", SENT_AT), (None, None)])
def test_the_time_may_be_in_milliseconds_a_text_or_missing(time: object, told_at: datetime | None) -> None:
    update = told_of_a_template("template_category_update", time, new_category="UTILITY")

    assert isinstance(update, TemplateTold)
    assert update.told_at == told_at


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("PENDING_DELETION", TemplateStatus.DELETED),
        ("PAUSED", TemplateStatus.PAUSED),
        ("FLAGGED", TemplateStatus.APPROVED),
        ("REINSTATED", TemplateStatus.APPROVED),
        ("ARCHIVED", TemplateStatus.DISABLED),
    ],
)
def test_each_event_is_a_status(event: str, status: TemplateStatus) -> None:
    assert news_of("message_template_status_update", event=event, reason=None) == StatusNews(status)


@pytest.mark.parametrize("value", [{"event": "HOLOGRAPHED"}, {}, {"new_category": "HOLOGRAMS"}])
def test_news_of_a_kind_unknown_are_told_without_any(value: dict[str, object]) -> None:
    assert news_of("message_template_status_update", **value) is None


def test_quality_is_told_apart_by_what_it_holds_and_not_by_its_field() -> None:
    """The network's own sample of it carries the name of the other."""
    news = news_of("message_template_status_update", previous_quality_score="GREEN", new_quality_score="YELLOW")

    assert news == QualityNews("YELLOW")


def test_new_words_may_come_without_header_footer_and_buttons() -> None:
    assert news_of("message_template_components_update", message_template_element="Hi {{1}}") == PartsNews("Hi {{1}}")


def test_a_button_that_can_not_be_read_keeps_its_place() -> None:
    link = {"message_template_button_type": "URL", "message_template_button_text": "See"}
    news = news_of(
        "message_template_components_update", message_template_element="Hi", message_template_buttons=[None, link]
    )

    assert news == PartsNews("Hi", buttons=(Button("", ""), Button("URL", "See")))


def test_news_of_no_template_are_kept_as_unreadable() -> None:
    update = told_of_a_template("message_template_status_update", message_template_id=None, event="APPROVED")

    assert isinstance(update, Ignored)
    assert update.reason == "unreadable: a template that is not named"
