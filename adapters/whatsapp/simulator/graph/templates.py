"""Message templates: those there are at the start, creating one, and filling one in for a send.

Source: WhatsApp Business Platform, "Message templates" and "Template components".
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from adapters.whatsapp.simulator.graph.errors import GraphError
from adapters.whatsapp.simulator.wire import Json, JsonObject

VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES: Final = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
STATUSES: Final = frozenset({"APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "PENDING_DELETION"})
QUALITIES: Final = frozenset({"GREEN", "YELLOW", "RED", "UNKNOWN"})
MEDIA_HEADERS: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION"})
MAX_TEMPLATES: Final = 6_000  # of a verified business
MAX_BODY: Final = 1024
MAX_HEADER: Final = 60
MAX_FOOTER: Final = 60
MAX_BUTTONS: Final = 10
MAX_BUTTON_LABEL: Final = 25
MAX_CODE: Final = 15
MAX_OF_A_KIND: Final = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1}

# subcodes of code 100, as the network gives them
TOO_LONG: Final = 2388040
BAD_HEADER: Final = 2388047
BAD_FOOTER: Final = 2388073
VARIABLE_AT_EDGE: Final = 2388299
EXISTS_ALREADY: Final = 2388024
CAP_REACHED: Final = 2388019
BEING_DELETED: Final = 2388023
NO_SUCH_TEMPLATE: Final = 2593002


TemplateReview: TypeAlias = Literal["by_hand", "approve", "reject"]
REVIEWED: Final = {"approve": ("APPROVED", "NONE"), "reject": ("REJECTED", "INVALID_FORMAT")}
"""What a review by itself ends with: a status and a reason."""


@dataclass(frozen=True, slots=True)
class Template:
    """One language of one template; `components` as the network lists them."""

    id: str
    name: str
    language: str
    category: str
    status: str
    components: tuple[JsonObject, ...]
    parameter_format: str = "POSITIONAL"
    rejected_reason: str = "NONE"
    quality: str = "UNKNOWN"

    def component(self, kind: str) -> JsonObject | None:
        return next((component for component in self.components if component.get("type") == kind), None)

    @property
    def buttons(self) -> list[JsonObject]:
        return objects((self.component("BUTTONS") or {}).get("buttons"))

    def row(self) -> JsonObject:
        """All fields the template list can show."""
        components: list[Json] = [dict(component) for component in self.components]
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "category": self.category,
            "language": self.language,
            "components": components,
            "parameter_format": self.parameter_format,
            "quality_score": {"score": self.quality},
            "rejected_reason": self.rejected_reason,
        }


def fill(template: Template, content: JsonObject) -> str:
    """The body text a person sees once `content` (the send's `template` object) is filled in.

    Raises GraphError: 132015 paused, 132016 disabled, 132001 not approved, 132000 wrong count, 132012 wrong kind,
    132018 unusable value, 131008 a button left without its parameter, 132005 too long when filled.
    """
    _refuse_unless_approved(template)
    given = objects(content.get("components"))
    named = template.parameter_format == "NAMED"

    _check_header(template, _parameters(given, "header"), named=named)
    _check_buttons(template, given)
    text = _text_of(template, "BODY")
    values = _values("body", variables(text), _parameters(given, "body"), named=named)
    filled = VARIABLE.sub(lambda found: values[found[1]], text)
    if len(filled) > MAX_BODY:
        raise GraphError(132005, f"Body is {len(filled)} characters when filled in, {MAX_BODY} at most")
    return filled


def header_file(content: JsonObject) -> tuple[str, JsonObject] | None:
    """The kind of the file that a send's `template` object puts above the text, and what it says of it."""
    for parameter in _parameters(objects(content.get("components")), "header"):
        kind = str(parameter.get("type"))
        named = parameter.get(kind)
        if kind.upper() in MEDIA_HEADERS - {"LOCATION"} and isinstance(named, dict):
            return kind, named
    return None


def variables(text: str) -> list[str]:
    """The names of the variables in a text, each once, in order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def create(wanted: JsonObject, *, template_id: str, handles: Collection[str] = ()) -> Template:
    """A new template, PENDING. GraphError 100 with the network's subcode names what is wrong with it.

    `handles` are those of the samples that were uploaded.
    """
    name, language, category = wanted.get("name"), wanted.get("language"), wanted.get("category")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise GraphError(100, "name must be 1 to 512 lowercase letters, digits and underscores")
    if not isinstance(language, str) or not language:
        raise GraphError(100, "language is required")
    if not isinstance(category, str) or category not in CATEGORIES:
        raise GraphError(100, f"category must be one of {', '.join(sorted(CATEGORIES))}")
    parameter_format = str(wanted.get("parameter_format") or "POSITIONAL").upper()
    components = objects(wanted.get("components"))
    _check_components(components, parameter_format, handles)
    return Template(template_id, name, language, category, "PENDING", tuple(components), parameter_format)


def objects(value: Json) -> list[JsonObject]:
    """The objects in a list; what is no object, or no list, is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# Filling in


def _refuse_unless_approved(template: Template) -> None:
    match template.status:
        case "APPROVED":
            return
        case "PAUSED":
            raise GraphError(132015, f"Template {template.name} is paused")
        case "DISABLED":
            raise GraphError(132016, f"Template {template.name} is disabled")
        case _:
            raise GraphError(132001, f"template name ({template.name}) does not exist in {template.language}")


def _check_header(template: Template, given: list[JsonObject], *, named: bool) -> None:
    header = template.component("HEADER")
    header_format = (header or {}).get("format")
    if header_format not in MEDIA_HEADERS:
        _values("header", variables(_text_of(template, "HEADER")), given, named=named)
        return
    if len(given) != 1:
        raise _count_error("header", len(given), 1)
    kind = str(header_format).lower()
    if given[0].get("type") != kind or not isinstance(given[0].get(kind), dict):
        raise GraphError(132012, f"header: Format mismatch, expected {header_format}")


def _check_buttons(template: Template, given: list[JsonObject]) -> None:
    by_index = {str(component.get("index")): component for component in given if component.get("type") == "button"}
    for index, button in enumerate(template.buttons):
        component = by_index.pop(str(index), {})
        parameters = objects(component.get("parameters"))
        if _needs_parameter(button) and not parameters:
            raise GraphError(131008, f"Button at index {index} of type {button.get('type')} requires a parameter")
        if len(parameters) > 1:
            raise _count_error(f"button {index}", len(parameters), 1)
        if button.get("type") == "COPY_CODE":
            _check_code(index, component, parameters[0])
    if by_index:
        raise GraphError(132018, f"The template has no button at index {', '.join(sorted(by_index))}")


def _check_code(index: int, component: JsonObject, parameter: JsonObject) -> None:
    code = parameter.get("coupon_code")
    if component.get("sub_type") != "copy_code" or parameter.get("type") != "coupon_code" or not isinstance(code, str):
        raise GraphError(132012, f"Button at index {index}: Format mismatch, expected coupon_code")
    if not 1 <= len(code) <= MAX_CODE:
        raise GraphError(132018, f"Button at index {index}: coupon_code can have {MAX_CODE} characters at most")


def _needs_parameter(button: JsonObject) -> bool:
    has_variable = bool(variables(str(button.get("url") or "")))
    return button.get("type") == "COPY_CODE" or (button.get("type") == "URL" and has_variable)


def _values(where: str, expected: list[str], given: list[JsonObject], *, named: bool) -> dict[str, str]:
    if len(given) != len(expected):
        raise _count_error(where, len(given), len(expected))
    names = [_parameter_name(parameter) for parameter in given] if named else expected
    if set(names) != set(expected):
        raise GraphError(132018, f"{where}: expected the parameters {', '.join(expected)}, got {', '.join(names)}")
    return {name: _value(where, parameter) for name, parameter in zip(names, given, strict=True)}


def _parameter_name(parameter: JsonObject) -> str:
    name = parameter.get("parameter_name")
    if not isinstance(name, str) or not name:
        raise GraphError(100, "Parameter name is missing or empty")
    return name


def _value(where: str, parameter: JsonObject) -> str:
    match parameter.get("type"):
        case "text":
            value = parameter.get("text")
        case "currency" | "date_time" as kind:
            localized = parameter.get(kind)
            value = localized.get("fallback_value") if isinstance(localized, dict) else None
        case kind:
            raise GraphError(132012, f"{where}: Format mismatch, expected TEXT, received {kind}")
    if not isinstance(value, str):
        raise GraphError(131008, f"{where}: a parameter of type text needs text")
    if not value or re.search(r"[\n\t]| {5}", value):
        raise GraphError(132018, f"{where}: Param text cannot be empty, or have new lines, tabs or more than 4 spaces")
    return value


def _count_error(where: str, given: int, expected: int) -> GraphError:
    details = f"{where}: number of localizable_params ({given}) does not match the expected number of params"
    return GraphError(132000, f"{details} ({expected})")


def _parameters(given: list[JsonObject], kind: str) -> list[JsonObject]:
    component = next((item for item in given if str(item.get("type")).lower() == kind), None)
    return objects((component or {}).get("parameters"))


def _text_of(template: Template, kind: str) -> str:
    return str((template.component(kind) or {}).get("text") or "")


# Creating


def _check_components(components: list[JsonObject], parameter_format: str, handles: Collection[str]) -> None:
    if parameter_format not in ("POSITIONAL", "NAMED"):
        raise GraphError(100, "parameter_format must be POSITIONAL or NAMED")
    kinds = [str(component.get("type")) for component in components]
    if kinds.count("BODY") != 1 or len(set(kinds)) != len(kinds):
        raise GraphError(100, "components need one BODY, and each kind once at most")
    for component in components:
        match component.get("type"):
            case "BODY":
                _check_body(component, parameter_format)
            case "HEADER":
                _check_header_made(component, handles)
            case "FOOTER":
                _check_length(component, "FOOTER", MAX_FOOTER)
                if variables(str(component.get("text"))):
                    raise GraphError(100, "FOOTER can have no variables", subcode=BAD_FOOTER)
            case "BUTTONS":
                _check_buttons_made(objects(component.get("buttons")))
            case kind:
                raise GraphError(100, f"components: {kind} is unknown")


def _check_body(component: JsonObject, parameter_format: str) -> None:
    _check_length(component, "BODY", MAX_BODY)
    text = str(component.get("text") or "").strip()
    names = variables(text)
    if not text:
        raise GraphError(100, "BODY needs text")
    if text.startswith("{{") or text.endswith("}}"):
        raise GraphError(100, "BODY can neither begin nor end with a variable", subcode=VARIABLE_AT_EDGE)
    if parameter_format == "POSITIONAL" and names != [str(place) for place in range(1, len(names) + 1)]:
        raise GraphError(100, "BODY variables must be {{1}}, {{2}}, … in order without gaps")
    if names and not isinstance(component.get("example"), dict):
        raise GraphError(100, "BODY has variables and needs an example for each")


def _check_length(component: JsonObject, kind: str, limit: int) -> None:
    if len(str(component.get("text") or "")) > limit:
        raise GraphError(100, f"{kind} can have {limit} characters at most", subcode=TOO_LONG)


def _check_header_made(component: JsonObject, handles: Collection[str]) -> None:
    kind, example = component.get("format"), component.get("example")
    names = variables(str(component.get("text") or ""))
    if kind == "TEXT" or kind is None:
        _check_length(component, "HEADER", MAX_HEADER)
        if len(names) > 1:
            raise GraphError(100, "HEADER can have one variable at most", subcode=BAD_HEADER)
        if names and not isinstance(example, dict):
            raise GraphError(100, "HEADER has a variable and needs an example")
    elif kind not in MEDIA_HEADERS:
        raise GraphError(100, f"HEADER: format {kind} is unknown", subcode=BAD_HEADER)
    elif kind != "LOCATION":
        samples = example.get("header_handle") if isinstance(example, dict) else None
        if not isinstance(samples, list) or not samples or samples[0] not in handles:
            raise GraphError(100, f"HEADER of format {kind} needs the handle of an uploaded sample")


def _check_buttons_made(buttons: list[JsonObject]) -> None:
    _check_labels(buttons)
    kinds = [str(button.get("type")) for button in buttons]
    for kind, most in MAX_OF_A_KIND.items():
        if kinds.count(kind) > most:
            raise GraphError(100, f"A template can have {most} buttons of type {kind} at most")
    replies = [index for index, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if replies and replies[-1] - replies[0] >= len(replies):
        raise GraphError(100, "Quick replies must be grouped together")
    for button in buttons:
        if _needs_parameter(button) and not button.get("example"):
            raise GraphError(100, f"A button of type {button.get('type')} needs an example")


def _check_labels(buttons: list[JsonObject]) -> None:
    if not 1 <= len(buttons) <= MAX_BUTTONS:
        raise GraphError(100, f"BUTTONS need 1 to {MAX_BUTTONS} buttons")
    if any(len(str(button.get("text") or "")) > MAX_BUTTON_LABEL for button in buttons):
        raise GraphError(100, f"A button label can have {MAX_BUTTON_LABEL} characters at most", subcode=TOO_LONG)


# The templates a simulator starts with


def _body(text: str, *samples: str) -> JsonObject:
    body: JsonObject = {"type": "BODY", "text": text}
    if samples:
        row: list[Json] = [*samples]
        body["example"] = {"body_text": [row]}
    return body


def _seeded() -> tuple[Template, ...]:
    order = _body("Hi {{1}}, your order {{2}} is on its way to you.", "Ada", "A-1042")
    order_es = _body("Hola {{1}}, tu pedido {{2}} ya va en camino.", "Ada", "A-1042")
    reminder: JsonObject = {
        "type": "BODY",
        "text": "Hello {{first_name}}, we expect you on {{day}} at our shop.",
        "example": {
            "body_text_named_params": [
                {"param_name": "first_name", "example": "Ada"},
                {"param_name": "day", "example": "Monday"},
            ]
        },
    }
    sale: tuple[JsonObject, ...] = (
        {"type": "HEADER", "format": "TEXT", "text": "Spring sale"},
        _body("Hi {{1}}, everything in our shop is 20% off until Sunday.", "Ada"),
        {"type": "FOOTER", "text": "Acme, since 1949"},
        {
            "type": "BUTTONS",
            "buttons": [
                {"type": "QUICK_REPLY", "text": "Show me"},
                {"type": "QUICK_REPLY", "text": "Stop promotions"},
            ],
        },
    )
    welcome = _body("Welcome back! Reply to this message and one of us will be with you soon.")
    feedback = _body("Hi {{1}}, how did we do? Answer with a number from 1 to 5.", "Ada")
    draw = _body("You have won! Send us your card number to receive the prize.")
    return (
        Template("400000000000001", "order_update", "en_US", "UTILITY", "APPROVED", (order,)),
        Template("400000000000002", "order_update", "es", "UTILITY", "APPROVED", (order_es,)),
        Template("400000000000003", "welcome_back", "en_US", "UTILITY", "APPROVED", (welcome,)),
        Template("400000000000004", "appointment_reminder", "en_US", "UTILITY", "APPROVED", (reminder,), "NAMED"),
        Template("400000000000005", "spring_sale", "en_US", "MARKETING", "APPROVED", sale),
        Template("400000000000006", "feedback_request", "en_US", "UTILITY", "PENDING", (feedback,)),
        Template(
            "400000000000007",
            "lucky_draw",
            "en_US",
            "MARKETING",
            "REJECTED",
            (draw,),
            rejected_reason="ABUSIVE_CONTENT",
        ),
    )


SEEDED_TEMPLATES: Final = _seeded()
