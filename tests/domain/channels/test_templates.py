"""Templates: which may be sent, and how they read once their blanks are filled."""

from dataclasses import replace

import pytest

from domain.channels.templates import (
    BODY_LIMIT,
    CODE_LIMIT,
    COUPON_CODE,
    HEADER_LIMIT,
    URL_LIMIT,
    Button,
    ButtonKind,
    Header,
    HeaderKind,
    Parameter,
    Template,
    TemplateStatus,
    blanks,
    blanks_of,
    button_kind,
    fill,
    not_sendable_reason,
)
from domain.conversations.contents import Filled, TemplateMessage
from domain.conversations.messages import Direction
from domain.errors import MediaRejected, Refused, TemplateParameterWrong
from domain.files.media import Media, MediaState
from domain.files.rules import MediaKind
from tests.builders import MEDIA, TEMPLATE, a_media, a_template

ANA = Filled("body", "1", "Ana")


def filled(template: Template, *values: Filled) -> TemplateMessage:
    message = fill(template, values)
    assert isinstance(message, TemplateMessage), message
    return message


def fault(template: Template, *values: Filled) -> tuple[str, str, str]:
    wrong = fill(template, values)
    assert isinstance(wrong, TemplateParameterWrong), wrong
    return wrong.component, wrong.name, wrong.message


def a_template_with_everything() -> Template:
    return a_template(
        body="Hi {{1}}, {{2}} has left. Bye {{ 1 }}!",
        header=Header(HeaderKind.TEXT, "News for {{1}}"),
        footer="Acme",
        buttons=(
            Button("QUICK_REPLY", "Thanks"),
            Button("URL", "Track", "https://acme.example/{{1}}"),
            Button("PHONE_NUMBER", "Call"),
        ),
        parameters=(
            Parameter("header", "1"),
            Parameter("body", "1"),
            Parameter("body", "2"),
            Parameter("button:1", "1"),
        ),
    )


EVERY_VALUE = (
    Filled("button:1", "1", "4711"),
    Filled("body", "2", "your order"),
    Filled("body", "1", "Ana"),
    Filled("header", "1", "you"),
)


def test_an_approved_template_of_text_and_simple_buttons_can_be_sent() -> None:
    assert not_sendable_reason(a_template()) is None
    assert not_sendable_reason(a_template_with_everything()) is None


@pytest.mark.parametrize("status", [each for each in TemplateStatus if each is not TemplateStatus.APPROVED])
def test_a_template_the_network_has_not_approved_says_so(status: TemplateStatus) -> None:
    reason = not_sendable_reason(a_template(status=status))

    assert reason == f"The network has it as {status}; only APPROVED templates can be sent."


@pytest.mark.parametrize("kind", [each for each in HeaderKind if each is not HeaderKind.LOCATION])
def test_a_header_may_be_text_or_a_file(kind: HeaderKind) -> None:
    assert not_sendable_reason(a_template(header=Header(kind))) is None


def test_a_template_with_a_place_above_its_text_says_so() -> None:
    reason = not_sendable_reason(a_template(header=Header(HeaderKind.LOCATION)))

    assert reason == "Its header is a location, which can't be sent yet."


@pytest.mark.parametrize("kind", ["FLOW", "OTP", "CATALOG", "SOMETHING_NEW"])
def test_a_template_with_a_button_of_another_kind_says_which(kind: str) -> None:
    reason = not_sendable_reason(a_template(buttons=(Button("QUICK_REPLY", "Hi"), Button(kind, "Go"))))

    assert reason == f"It has a button of the kind {kind}, which can't be sent yet."


@pytest.mark.parametrize("kind", ["REQUEST_CONTACT_INFO", "VOICE_CALL", "COPY_CODE"])
def test_a_button_that_wants_nothing_of_the_sender_or_a_code_may_be_sent(kind: str) -> None:
    assert not_sendable_reason(a_template(buttons=(Button(kind, "Go"),))) is None


def test_a_template_with_a_part_of_another_kind_says_which() -> None:
    reason = not_sendable_reason(replace(a_template(), other_parts=("CAROUSEL",)))

    assert reason == "It has a part of the kind CAROUSEL, which can't be sent yet."


def test_a_filled_template_reads_as_the_contact_sees_it() -> None:
    assert filled(a_template_with_everything(), *EVERY_VALUE) == TemplateMessage(
        template=TEMPLATE,
        name="order_shipped",
        language="en_US",
        body="Hi Ana, your order has left. Bye Ana!",
        header="News for you",
        footer="Acme",
        buttons=("Thanks", "Track", "Call"),
        parameters=(
            Filled("header", "1", "you"),
            Filled("body", "1", "Ana"),
            Filled("body", "2", "your order"),
            Filled("button:1", "1", "4711"),
        ),
    )


def test_blanks_may_have_names() -> None:
    template = a_template(body="Hi {{first_name}}", parameters=(Parameter("body", "first_name"),), named=True)

    assert filled(template, Filled("body", "first_name", "Ana")).body == "Hi Ana"


def test_a_template_without_blanks_is_sent_as_it_is() -> None:
    message = filled(a_template(body="We are closed.", parameters=()))

    assert (message.body, message.header, message.parameters) == ("We are closed.", None, ())


def test_a_value_that_looks_like_a_blank_is_not_filled_again() -> None:
    assert filled(a_template(body="Hi {{1}}"), Filled("body", "1", "{{1}}")).body == "Hi {{1}}"


def test_what_looks_like_a_blank_and_is_none_of_the_templates_stays_as_written() -> None:
    assert filled(a_template(body="Hi {{1}} {{unlisted}}"), ANA).body == "Hi Ana {{unlisted}}"


# The file above the text


def a_file(kind: MediaKind = MediaKind.IMAGE, mime_type: str = "image/png") -> Media:
    return a_media(kind=kind, state=MediaState.READY, mime_type=mime_type, size=1000, direction=Direction.OUTBOUND)


FILES = [
    (HeaderKind.IMAGE, a_file()),
    (HeaderKind.VIDEO, a_file(MediaKind.VIDEO, "video/mp4")),
    (HeaderKind.DOCUMENT, a_file(MediaKind.DOCUMENT, "application/pdf")),
]


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_a_file_of_the_headers_kind_stands_above_the_text(kind: HeaderKind, file: Media) -> None:
    message = fill(a_template(header=Header(kind)), [ANA], file)

    assert isinstance(message, TemplateMessage)
    assert (message.header, message.header_media, message.body) == (None, MEDIA, "Hi Ana, your order has left.")


@pytest.mark.parametrize(("kind", "file"), FILES)
def test_a_file_that_is_missing_is_a_blank_that_is_missing(kind: HeaderKind, file: Media) -> None:
    wrong = fill(a_template(header=Header(kind)), [ANA])

    told = f"The template has a file of the kind {kind.lower()} above its text; give it as headerMediaId."
    assert wrong == TemplateParameterWrong("header", kind.lower(), told, ("headerMediaId",))


@pytest.mark.parametrize("header", [None, Header(HeaderKind.TEXT, "News")])
def test_a_file_that_has_no_place_is_one_too_many(header: Header | None) -> None:
    wrong = fill(a_template(header=header), [ANA], a_file())

    told = "The template has no file above its text."
    assert wrong == TemplateParameterWrong("header", "media", told, ("headerMediaId",))


def test_a_file_of_another_kind_is_refused_with_the_rule_of_the_right_one() -> None:
    wrong = fill(a_template(header=Header(HeaderKind.IMAGE)), [ANA], a_file(MediaKind.VIDEO, "video/mp4"))

    assert isinstance(wrong, MediaRejected)
    assert (wrong.rule.kind, wrong.mime_type, wrong.size) == (MediaKind.IMAGE, "video/mp4", 1000)
    assert (wrong.message, wrong.field) == (
        "The template wants a file of the kind image; this one is of the kind video.",
        ("headerMediaId",),
    )


@pytest.mark.parametrize(
    "file", [replace(a_file(), state=MediaState.PENDING), replace(a_file(), size=None), replace(a_file(), size=6 << 20)]
)
def test_a_file_that_could_not_be_sent_alone_is_no_header(file: Media) -> None:
    wrong = fill(a_template(header=Header(HeaderKind.IMAGE)), [ANA], file)

    assert isinstance(wrong, (Refused, MediaRejected))
    assert wrong.field == ("headerMediaId",)


def test_every_blank_that_is_wrong_is_named_the_file_too() -> None:
    template = replace(a_template_with_everything(), header=Header(HeaderKind.IMAGE))
    values = (Filled("header", "1", "A\nB"), Filled("body", "1", " "), Filled("body", "9", "x"))

    wrong = fill(template, values)

    assert isinstance(wrong, TemplateParameterWrong)
    assert [(each.component, each.name) for each in (wrong, *wrong.others)] == [
        ("body", "9"),
        ("header", "1"),
        ("body", "1"),
        ("body", "2"),
        ("button:1", "1"),
        ("header", "image"),
    ]


def test_a_blank_with_two_values_is_wrong() -> None:
    assert fault(a_template(), ANA, Filled("body", "1", "Ben")) == ("body", "1", "More than one value is given.")


def test_a_code_to_copy_is_named_as_such_and_short() -> None:
    blank = Parameter("button:0", "1", COUPON_CODE)
    template = a_template(body="Hi", buttons=(Button("COPY_CODE", "Copy"),), parameters=(blank,))
    code = Filled("button:0", "1", "x" * CODE_LIMIT)

    assert (filled(template, code).parameters, filled(template, code).codes) == ((code,), ("button:0",))
    told = "A code to copy has 15 characters at most; it has 16."
    assert fault(template, replace(code, value="x" * (CODE_LIMIT + 1))) == ("button:0", "1", told)


@pytest.mark.parametrize(("length", "goes"), [(URL_LIMIT, True), (URL_LIMIT + 1, False)])
def test_a_link_may_have_2000_characters_once_it_is_filled(length: int, goes: bool) -> None:
    link = "https://acme.example/"
    template = a_template(
        body="Hi", buttons=(Button("URL", "Go", link + "{{1}}"),), parameters=(Parameter("button:0", "1"),)
    )
    value = Filled("button:0", "1", "x" * (length - len(link)))

    if goes:
        assert filled(template, value).parameters == (value,)
    else:
        assert fault(template, value) == ("button:0", "1", "The filled text has 2001 characters; 2000 are allowed.")


def test_every_blank_is_found_where_it_stands() -> None:
    buttons = (
        Button("QUICK_REPLY", "Thanks"),
        Button("URL", "Track", "https://acme.example/{{1}}"),
        Button("URL", "Home", "https://acme.example"),
        Button("COPY_CODE", "Copy"),
    )

    found = blanks_of(Header(HeaderKind.TEXT, "For {{name}}"), "{{b}} and {{a}}", buttons)

    assert found == (
        Parameter("header", "name"),
        Parameter("body", "b"),
        Parameter("body", "a"),
        Parameter("button:1", "1"),
        Parameter("button:3", "1", COUPON_CODE),
    )
    assert blanks_of(Header(HeaderKind.IMAGE), "Hi", ()) == blanks_of(None, "Hi", ()) == ()


# Filling


def test_each_fault_names_its_blank() -> None:
    template = a_template_with_everything()
    complete = {(value.component, value.name): value for value in EVERY_VALUE}

    for (component, name), _ in complete.items():
        others = [value for key, value in complete.items() if key != (component, name)]
        assert fault(template, *others) == (component, name, "A value is missing.")


@pytest.mark.parametrize(
    "extra", [Filled("body", "3", "x"), Filled("header", "2", "x"), Filled("footer", "1", "x"), Filled("", "", "")]
)
def test_a_value_for_a_blank_that_is_not_there_is_refused(extra: Filled) -> None:
    expected = (extra.component, extra.name, "The template has no such blank.")

    assert fault(a_template_with_everything(), *EVERY_VALUE, extra) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "The value is empty."),
        ("   ", "The value is empty."),
        ("A\nB", "The network takes no line break and no tab here."),
        ("A\rB", "The network takes no line break and no tab here."),
        ("A\tB", "The network takes no line break and no tab here."),
        ("A     B", "The network takes no more than four spaces in a row here."),
    ],
)
def test_a_value_the_network_would_refuse_is_refused_here(value: str, message: str) -> None:
    assert fault(a_template(), Filled("body", "1", value)) == ("body", "1", message)


def test_four_spaces_in_a_row_are_taken() -> None:
    assert filled(a_template(body="{{1}}"), Filled("body", "1", "A    B")).body == "A    B"


@pytest.mark.parametrize(("length", "goes"), [(BODY_LIMIT - 1, True), (BODY_LIMIT, True), (BODY_LIMIT + 1, False)])
def test_a_body_may_have_1024_characters_once_it_is_filled(length: int, goes: bool) -> None:
    template = a_template(body="{{1}}{{2}}", parameters=(Parameter("body", "1"), Parameter("body", "2")))
    values = (Filled("body", "1", "x"), Filled("body", "2", "y" * (length - 1)))

    if goes:
        assert len(filled(template, *values).body) == length
    else:
        assert fault(template, *values) == ("body", "2", "The filled text has 1025 characters; 1024 are allowed.")


@pytest.mark.parametrize(
    ("length", "goes"), [(HEADER_LIMIT - 1, True), (HEADER_LIMIT, True), (HEADER_LIMIT + 1, False)]
)
def test_a_header_may_have_60_characters_once_it_is_filled(length: int, goes: bool) -> None:
    template = a_template(body="Hi", header=Header(HeaderKind.TEXT, "{{1}}"), parameters=(Parameter("header", "1"),))
    value = Filled("header", "1", "x" * length)

    if goes:
        assert len(filled(template, value).header or "") == length
    else:
        assert fault(template, value) == ("header", "1", "The filled text has 61 characters; 60 are allowed.")


def test_a_text_the_network_approved_is_never_too_long_for_want_of_a_value() -> None:
    """Only what was filled in is judged: there is no blank here that a person could shorten."""
    long = a_template(
        body="x" * (BODY_LIMIT + 1), header=Header(HeaderKind.TEXT, "y" * (HEADER_LIMIT + 1)), parameters=()
    )

    assert filled(long).body == "x" * (BODY_LIMIT + 1)


def test_blanks_are_told_in_the_order_they_stand_each_once() -> None:
    assert blanks("{{2}} and {{ name }} and {{2}} and {{bad name}}", "body") == (
        Parameter("body", "2"),
        Parameter("body", "name"),
    )
    assert blanks("None", "body") == ()


@pytest.mark.parametrize("kind", [each for each in ButtonKind if each is not ButtonKind.OTHER])
def test_a_button_is_of_the_kind_the_network_tells(kind: ButtonKind) -> None:
    assert button_kind(str(kind)) is kind


@pytest.mark.parametrize("told", ["SPM", "MPM", "", "url"])
def test_a_button_of_a_kind_that_came_later_is_an_other_one(told: str) -> None:
    assert button_kind(told) is ButtonKind.OTHER
