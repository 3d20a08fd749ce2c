"""Templates to be made: what the network's review takes, at the edges of every rule."""

from dataclasses import replace
from typing import Any

import pytest

from domain.channels.template_drafts import BUTTONS_LIMIT, FOOTER_LIMIT, LABEL_LIMIT, TemplateDraft, fault_of
from domain.channels.templates import (
    BODY_LIMIT,
    CODE_LIMIT,
    COUPON_CODE,
    HEADER_LIMIT,
    URL_LIMIT,
    Button,
    Header,
    HeaderKind,
    Parameter,
    TemplateCategory,
)
from domain.conversations.contents import Filled
from domain.errors import Refusal, Refused, TemplateParameterWrong, TextTooLong

PLAIN = TemplateDraft("order_shipped", "en_US", TemplateCategory.UTILITY, "Your order has left.")
GREETING = replace(PLAIN, body="Hi {{1}}, it has left.", examples=(Filled("body", "1", "Ana"),))
REPLY, LINK = Button("QUICK_REPLY", "Thanks"), Button("URL", "Track", "https://acme.example/track")
CALL, COPY = Button("PHONE_NUMBER", "Call", phone_number="+15550100001"), Button("COPY_CODE", "Copy")
FULL = replace(
    GREETING,
    header=Header(HeaderKind.TEXT, "For {{1}}"),
    footer="Acme",
    buttons=(REPLY, Button("URL", "Track", "https://acme.example/{{1}}"), CALL, COPY),
    examples=(
        Filled("header", "1", "you"),
        Filled("body", "1", "Ana"),
        Filled("button:1", "1", "4711"),
        Filled("button:3", "1", "SPRING"),
    ),
)


def field_of(refusal: Refusal | None) -> tuple[str, ...]:
    assert isinstance(refusal, (Refused, TextTooLong, TemplateParameterWrong)), refusal
    return refusal.field


@pytest.mark.parametrize(
    "draft",
    [
        PLAIN,
        GREETING,
        FULL,
        replace(PLAIN, name="a" * 512, language="pt_BR"),
        replace(PLAIN, language="fil"),
        replace(
            PLAIN, body="x" * BODY_LIMIT, footer="y" * FOOTER_LIMIT, header=Header(HeaderKind.TEXT, "z" * HEADER_LIMIT)
        ),
        replace(PLAIN, header=Header(HeaderKind.IMAGE)),
        replace(PLAIN, header=Header(HeaderKind.LOCATION)),
        replace(PLAIN, body="Hi {{name}}, bye", examples=(Filled("body", "name", "Ana"),)),
        replace(PLAIN, buttons=(REPLY,) * BUTTONS_LIMIT),
        replace(PLAIN, buttons=(LINK, LINK, REPLY, REPLY)),
        replace(PLAIN, buttons=(Button("QUICK_REPLY", "x" * LABEL_LIMIT),)),
        replace(PLAIN, buttons=(Button("REQUEST_CONTACT_INFO", "Your number"), Button("VOICE_CALL", "Call us"))),
    ],
)
def test_what_the_review_takes_is_let_pass(draft: TemplateDraft) -> None:
    assert fault_of(draft) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Order"}, "name"),
        ({"name": "a" * 513}, "name"),
        ({"language": "english"}, "language"),
        ({"language": "en-US"}, "language"),
        ({"body": " "}, "body"),
        ({"body": "x" * (BODY_LIMIT + 1)}, "body"),
        ({"body": "{{1}} has left"}, "body"),
        ({"body": "For you, {{1}} "}, "body"),
        ({"body": "Hi {{2}}, bye"}, "body"),
        ({"body": "Hi {{2}} and {{1}}, bye"}, "body"),
        ({"body": "Hi {{1}} and {{name}}, bye"}, "body"),
        ({"body": "Hi {{Name}}, bye"}, "body"),
        ({"body": "Hi {{your name}}, bye"}, "body"),
        ({"footer": "For {{1}}"}, "footer"),
        ({"footer": ""}, "footer"),
        ({"footer": "x" * (FOOTER_LIMIT + 1)}, "footer"),
        ({"header": Header(HeaderKind.TEXT)}, "header.text"),
        ({"header": Header(HeaderKind.TEXT, "a\nb")}, "header.text"),
        ({"header": Header(HeaderKind.TEXT, "x" * (HEADER_LIMIT + 1))}, "header.text"),
        ({"header": Header(HeaderKind.TEXT, "{{1}} and {{2}}")}, "header.text"),
        ({"header": Header(HeaderKind.TEXT, "For {{2}}")}, "header.text"),
        ({"header": Header(HeaderKind.IMAGE, "Look")}, "header.text"),
        ({"buttons": (REPLY,) * (BUTTONS_LIMIT + 1)}, "buttons"),
        ({"buttons": (LINK, LINK, LINK)}, "buttons"),
        ({"buttons": (CALL, CALL)}, "buttons"),
        ({"buttons": (REPLY, LINK, REPLY)}, "buttons"),
        ({"buttons": (Button("FLOW", "Go"),)}, "buttons.0.kind"),
        ({"buttons": (REPLY, Button("QUICK_REPLY", " "))}, "buttons.1.text"),
        ({"buttons": (Button("QUICK_REPLY", "x" * (LABEL_LIMIT + 1)),)}, "buttons.0.text"),
        ({"buttons": (Button("URL", "Go"),)}, "buttons.0.url"),
        ({"buttons": (replace(REPLY, url="https://acme.example"),)}, "buttons.0.url"),
        ({"buttons": (Button("PHONE_NUMBER", "Call"),)}, "buttons.0.phoneNumber"),
        ({"buttons": (replace(REPLY, phone_number="+15550100001"),)}, "buttons.0.phoneNumber"),
        ({"buttons": (replace(CALL, phone_number="555 0100"),)}, "buttons.0.phoneNumber"),
        ({"buttons": (replace(LINK, url="ftp://acme.example"),)}, "buttons.0.url"),
        ({"buttons": (replace(LINK, url="https://"),)}, "buttons.0.url"),
        ({"buttons": (replace(LINK, url="https://[acme"),)}, "buttons.0.url"),
        ({"buttons": (replace(LINK, url="https://acme.example/{{1}}/x"),)}, "buttons.0.url"),
        ({"buttons": (replace(LINK, url="https://acme.example/{{2}}"),)}, "buttons.0.url"),
        ({"buttons": (replace(LINK, url="https://acme.example/" + "x" * URL_LIMIT),)}, "buttons.0.url"),
    ],
)
def test_what_it_does_not_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    assert field_of(fault_of(replace(PLAIN, **changes))) == tuple(field.split("."))


def test_every_example_that_is_missing_or_too_many_is_named() -> None:
    draft = replace(
        FULL,
        examples=(
            Filled("body", "1", "Ana"),
            Filled("body", "1", "Ben"),
            Filled("button:1", "1", " "),
            Filled("button:3", "1", "x" * (CODE_LIMIT + 1)),
            Filled("body", "2", "more"),
        ),
    )

    wrong = fault_of(draft)

    assert isinstance(wrong, TemplateParameterWrong)
    assert wrong.field == ("examples",)
    assert [(each.component, each.name, each.message) for each in (wrong, *wrong.others)] == [
        ("header", "1", "An example is needed for the review."),
        ("body", "1", "More than one example is given."),
        ("button:1", "1", "An example is needed for the review."),
        ("button:3", "1", "A code to copy has 15 characters at most."),
        ("body", "2", "The template has no such blank."),
    ]


def test_a_drafts_blanks_have_their_examples_and_names_or_places() -> None:
    named = replace(PLAIN, header=Header(HeaderKind.TEXT, "For {{name}}"))

    assert FULL.parameters == (
        Parameter("header", "1", example="you"),
        Parameter("body", "1", example="Ana"),
        Parameter("button:1", "1", example="4711"),
        Parameter("button:3", "1", COUPON_CODE, "SPRING"),
    )
    assert (FULL.named, PLAIN.named, named.named) == (False, False, True)
