"""Documents: what is too much, or no document at all, is refused with one short error before it can cost anything."""

import time

import pytest
from graphql import get_introspection_query

from schema.engine import limits
from schema.engine.documents import BadDocument, Compiled, Documents, NotSignedIn
from schema.engine.lexical_limits import TooComplex
from schema.execution import GraphQLRequest
from schema.schema import schema
from tests.effort import steps
from tests.schema.live_desk import a_live_desk

GRAPH = schema._schema  # pyright: ignore[reportPrivateUsage]  # what the engine compiles for


def compiled(text: str, *, signed_in: bool = True, introspection: bool = False) -> Compiled:
    return Documents(GRAPH, introspection=introspection).compile(text, signed_in=signed_in)


def a_page(fields: str, first: str = "") -> str:
    return f"{{ threads{first} {{ edges {{ node {{ {fields} }} }} }} }}"


def a_message(fields: str) -> str:
    """A document whose one message is an object of one object."""
    return f'{{ thread(id: "x") {{ lastMessage {{ {fields} }} }} }}'


def aliased(count: int, field: str) -> str:
    return " ".join(f"a{number}: {field}" for number in range(count))


def fragments(count: int, *, below: str = "id") -> str:
    return " ".join(f"fragment f{number} on Thread {{ {below} }}" for number in range(count))


def spread(count: int) -> str:
    return " ".join(f"...f{number}" for number in range(count))


def nested(levels: int) -> str:
    """A document of so many levels of fields."""
    return '{ thread(id: "x") { ' + "lastMessage { thread { " * levels + "id" + " } }" * levels + " } }"


TOO_MUCH = {
    "a document of 17 KB": "{ viewer { role } } #" + "x" * 17_000,
    "2,001 tokens": a_page(" ".join(f"a{number}" for number in range(2_001))),
    "33 brackets inside each other": "{ threads(filter: " + "[" * 40 + "]" * 40 + ") { edges { cursor } } }",
    "31 aliases": a_page(" ".join(f"a{number}: id" for number in range(31))),
    "101 aliases, as scanners ask": "{ " + " ".join(f"alias{number}: __typename" for number in range(101)) + " }",
    "21 directives": a_page("id " + "@include(if: true) " * 21),
    "10 unknown directives and more": "{ __typename " + "@aa" * 25 + " }",
    "31 fragments": a_page(spread(31)) + fragments(31),
    "101 uses of fragments": a_page("... { id } " * 101),
    "21 equal names": a_page("id " * 21),
    "500 equal fields, as scanners ask": "{ " + "__typename " * 500 + "}",
    "21 equal names once fragments are opened": a_page(spread(21)) + fragments(21),
    "64 equal names in what 4 by 4 by 4 selections merge to": "{ "
    + ("threads { " + ("edges { " + "node { id } " * 4 + "} ") * 4 + "} ") * 4
    + "}",
    "fields 13 levels deep": nested(6),
    "fragments that open to 4,096 fields": '{ thread(id: "x") { ...f0 } } '
    + " ".join(
        f"fragment f{number} on Thread {{ a{number}: lastMessage {{ thread {{ ...f{number + 1} }} }} "
        f"b{number}: lastMessage {{ thread {{ ...f{number + 1} }} }} }}"
        for number in range(11)
    )
    + " fragment f11 on Thread { id }",
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_a_document_over_a_limit_is_refused_naming_it(text: str) -> None:
    with pytest.raises(TooComplex, match=r"\d"):
        compiled(text)


FITTING = {
    "30 aliases": a_page(" ".join(f"a{number}: id" for number in range(30))),
    "20 equal names": a_page("id " * 20),
    "20 uses of different fragments": a_page(spread(20)) + fragments(20),
    "60 __typename, which clients add everywhere": a_page("... { __typename ... { __typename } } " * 15),
    "fields 11 levels deep": nested(4),
    "colons in arguments, which are no aliases": a_page("id", "(filter: {statuses: [OPEN], unread: true})"),
    "braces and quotes in a text": '{ contacts(query: "{{{ \\" @@@ : : #") { edges { cursor } } }',
    "braces and quotes in a block of text": '{ contacts(query: """{{{ " @ \\""" """) { edges { cursor } } }',
    "a comment of brackets": "# {{{{((((\n{ viewer { role } }",
}


@pytest.mark.parametrize("text", FITTING.values(), ids=FITTING.keys())
def test_a_document_within_the_limits_passes(text: str) -> None:
    assert compiled(text).roots


NO_DOCUMENT = {
    "nothing": "",
    "no GraphQL": "SELECT 1",
    "half a document": "{ viewer { role",
    "two operations, none of them named": "query A { viewer { role } } query B { viewer { role } }",
    "two operations of one name": "query A { viewer { role } } query A { viewer { role } }",
    "eleven operations": " ".join(f"query Q{number} {{ viewer {{ role }} }}" for number in range(11)),
    "a number of 5,000 digits": "query($n: Int = " + "9" * 5_000 + ") { threads(first: $n) { nodes { id } } }",
    "only a fragment": "fragment f on Thread { id }",
    "an unknown field": "{ viewre { role } }",
    "a fragment that contains itself": "{ thread(id: 1) { ...f } } fragment f on Thread { ... { ...f } }",
    "a fragment nobody uses": "{ viewer { role } } fragment f on Thread { id }",
    "a fragment that is not there": "{ thread(id: 1) { ...f } }",
    "a fragment twice": "{ thread(id: 1) { ...f } } fragment f on Thread { id } fragment f on Thread { status }",
    "half a character": '{ contacts(query: "\\ud800") { edges { cursor } } }',
    "a type definition": "type Query { x: Int }",
    "signing in twice": "mutation { "
    + " ".join(f'{name}: signIn(input: {{email: "a", password: "b"}}) {{ token }}' for name in "ab")
    + " }",
}


@pytest.mark.parametrize("text", NO_DOCUMENT.values(), ids=NO_DOCUMENT.keys())
def test_what_cannot_run_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(BadDocument) as refused:
        compiled(text)

    assert refused.value.error.message


@pytest.mark.parametrize("text", [*TOO_MUCH.values(), *NO_DOCUMENT.values()], ids=[*TOO_MUCH, *NO_DOCUMENT])
def test_a_refusal_takes_no_time_to_speak_of(text: str) -> None:
    def refuse() -> None:
        with pytest.raises((TooComplex, BadDocument)):
            compiled(text)

    refuse()  # what is made ready once is not counted
    began = time.process_time()
    refuse()
    assert time.process_time() - began < 1, "a hundredth of it, and what a busy machine adds"
    assert steps(refuse) < 400_000


@pytest.mark.parametrize(
    "text",
    [
        "{ viewr { role } }",
        "{ viewer { rol } }",
        "{ threads(frist: 1) { edges { cursor } } }",
        "{ threads(filter: {statsu: OPEN}) { edges { cursor } } }",
        "{ threads(filter: {statuses: [OPE]}) { edges { cursor } } }",
        "query($x: Strin) { contacts(query: $x) { edges { cursor } } }",
        "{ node(id: 1) { ... on Thred { id } } }",
        "{ viewer @includ(if: true) { role } }",
    ],
)
def test_no_refusal_guesses_what_was_meant(text: str) -> None:
    with pytest.raises(BadDocument) as refused:
        compiled(text)

    assert "Did you mean" not in refused.value.error.message


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Query") { name } }',
        "{ ...__schema } fragment __schema on Query { __schema { types { name } } }",
        "{ a: __schema { types { name } } }",
        get_introspection_query(),
    ],
)
def test_introspection_is_off(text: str) -> None:
    with pytest.raises(BadDocument, match="Introspection"):
        compiled(text)


def test_introspection_works_where_it_was_turned_on() -> None:
    assert compiled(get_introspection_query(), introspection=True).cost({}) <= limits.COST


def test_a_fragment_named_like_introspection_gets_no_exemption() -> None:
    deep = nested(6).replace("{ thread(", "{ ...__schema } fragment __schema on Query { thread(", 1)

    with pytest.raises(TooComplex):
        compiled(deep, introspection=True)


@pytest.mark.parametrize(
    ("text", "variables", "cost"),
    [
        ("{ __typename }", {}, 0),
        ("{ viewer { role } }", {}, 1),
        ("{ viewer { role organization { name } } }", {}, 2),
        ("{ threads { edges { cursor } } }", {}, 1 + 50),
        ("{ threads(first: 3) { edges { node { id contact { name } } } } }", {}, 1 + 3 * 3),
        ("{ threads(first: 3) { pageInfo { hasNextPage } } }", {}, 1 + 1),
        (
            "{ threads(first: 2) { edges { node { messages(last: 5) { edges { cursor } } } } } }",
            {},
            1 + 2 * (2 + 1 + 5),
        ),
        ("query($n: Int) { threads(first: $n) { edges { cursor } } }", {"n": 7}, 1 + 7),
        ("query($n: Int = 4) { threads(first: $n) { edges { cursor } } }", {}, 1 + 4),
        ("query($n: Int) { threads(first: $n) { edges { cursor } } }", {}, 1 + 50),
        ("query($n: Int) { threads(first: $n) { edges { cursor } } }", {"n": None}, 1 + 50),
        ("query($n: Int) { threads(first: $n) { edges { cursor } } }", {"n": -5}, 1),
        ("query($n: Int) { threads(first: $n) { edges { cursor } } }", {"n": "many"}, 1 + 50),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a", "b", "c"]}, 3),
        ('{ nodes(ids: ["a", "b"]) { id } }', {}, 2),
        ("{ channels { id } }", {}, limits.LIST_SIZE),
        ("{ teams { name members { name } } }", {}, limits.LIST_SIZE * (1 + 100)),
        ("{ users(first: 3) { nodes { teams { name } } } }", {}, 1 + 3 * (1 + limits.LIST_SIZE)),
        ('{ contacts(first: 3, query: "ann") { nodes { id } } }', {}, 100 + 1 + 3),
        ("{ contacts(first: 3, query: null) { nodes { id } } }", {}, 1 + 3),
        ("query($q: String) { contacts(first: 3, query: $q) { nodes { id } } }", {"q": "ann"}, 100 + 1 + 3),
        ("query($q: String) { contacts(first: 3, query: $q) { nodes { id } } }", {"q": None}, 1 + 3),
        ("query($q: String) { contacts(first: 3, query: $q) { nodes { id } } }", {}, 1 + 3),
        ('query($q: String = "a") { contacts(first: 3, query: $q) { nodes { id } } }', {}, 100 + 1 + 3),
        ("{ threads(first: 3) { totalCount } }", {}, 100 + 1),
        ("{ quota { used forecast { projectedUse } } }", {}, 1 + 100 + 1),
        (a_message("content { ... on TextContent { html } }"), {}, 1 + 1 + (1 + 1)),
        (a_message(aliased(29, "content { ... on TextContent { html } }")), {}, 1 + 1 + 1 + 29 * (1 + 1)),
        (a_message("original versions { until }"), {}, 1 + 1 + 5 + 5 + limits.LIST_SIZE),
        (a_message(aliased(20, "status")), {}, 1 + 1 + 1),
        (a_page("...f ...f", "(first: 2)") + "fragment f on Thread { contact { id } }", {}, 1 + 2 * (2 + 2)),
    ],
)
def test_cost_counts_the_objects_an_answer_may_hold(text: str, variables: dict[str, object], cost: int) -> None:
    assert compiled(text).cost(variables) == cost


def test_the_teams_of_the_members_of_teams_cost_too_much() -> None:
    with pytest.raises(TooComplex, match="5,000"):
        compiled("{ teams { members { teams { name } } } }").cost({})


def test_a_page_within_a_page_within_a_page_costs_too_much() -> None:
    text = a_page("contact { threads { edges { node { messages { edges { cursor } } } } } }")

    with pytest.raises(TooComplex, match="5,000"):
        compiled(text).cost({})


def test_a_variable_cannot_smuggle_a_huge_page_in() -> None:
    operation = compiled("query($n: Int!) { threads(first: $n) { edges { cursor } } }")

    assert operation.cost({"n": 100}) == 101
    with pytest.raises(TooComplex):
        operation.cost({"n": 2_147_483_647})


# ---------------------------------------------------------------- several operations

SEVERAL = (
    "query Small { viewer { role } } "
    "query Large { threads(first: 100) { nodes { messages(first: 100) { nodes { ...f } } } } } "
    "mutation Leave { signOut { userErrors { message } } } fragment f on Message { id }"
)


def test_of_several_operations_the_one_asked_for_is_taken_and_weighed() -> None:
    documents = Documents(GRAPH)

    small, large = (documents.compile(SEVERAL, name, signed_in=True) for name in ("Small", "Large"))

    assert (small.name, small.cost({})) == ("Small", 1)
    assert large.name == "Large"
    with pytest.raises(TooComplex):
        large.cost({})
    assert documents.compile(SEVERAL, "Small", signed_in=True) is small


@pytest.mark.parametrize("name", [None, "Other", "f"])
def test_of_several_operations_one_has_to_be_asked_for(name: str | None) -> None:
    with pytest.raises(BadDocument, match="operationName"):
        Documents(GRAPH).compile(SEVERAL, name, signed_in=True)


def test_what_is_wrong_with_an_operation_that_is_not_asked_for_is_wrong_with_the_document() -> None:
    with pytest.raises(BadDocument, match="nope"):
        Documents(GRAPH).compile("query A { viewer { role } } query B { nope }", "A", signed_in=True)
    with pytest.raises(TooComplex):
        Documents(GRAPH).compile(
            nested(6).replace("{", "query B {", 1) + " query A { viewer { role } }", "A", signed_in=True
        )


def test_a_stranger_who_hides_a_question_behind_a_sign_in_learns_nothing() -> None:
    text = SIGN_IN.replace("mutation", "mutation In", 1) + " query Peek { nope }"

    with pytest.raises(NotSignedIn):
        Documents(GRAPH).compile(text, "In", signed_in=False)


SIGN_IN = 'mutation { signIn(input: {email: "a@b.example", password: "word"}) { token } }'


def test_nobody_may_do_anything_but_sign_in() -> None:
    assert compiled(SIGN_IN, signed_in=False).roots


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer { role } }",
        "{ __typename }",
        "mutation { signOut { userErrors { message } } }",
        SIGN_IN[:-1] + " signOut { userErrors { message } } }",
        SIGN_IN[:-1] + " ...f } fragment f on Mutation { signOut { userErrors { message } } }",
        "mutation { ...f } fragment f on Mutation { signOut { userErrors { message } } }",
        "mutation { ...f }",
        "query { signIn }",
        "subscription { inboxEvents { cursor } }",
        "{ nope }",
        "no GraphQL at all",
        "{ __schema { types { name } } }",
        *TOO_MUCH.values(),
    ],
)
def test_nobody_learns_anything_else(text: str) -> None:
    with pytest.raises(NotSignedIn):
        compiled(text, signed_in=False)


def test_nobody_learns_from_documents_others_sent() -> None:
    documents = Documents(GRAPH)
    documents.compile("{ viewer { role } }", signed_in=True)

    with pytest.raises(NotSignedIn):
        documents.compile("{ viewer { role } }", signed_in=False)


def test_a_document_is_compiled_once() -> None:
    documents = Documents(GRAPH)

    assert documents.compile(SIGN_IN, signed_in=True) is documents.compile(SIGN_IN, signed_in=True)


def test_what_strangers_send_is_not_remembered() -> None:
    documents = Documents(GRAPH)
    first = documents.compile(SIGN_IN, signed_in=False)

    assert documents.compile(SIGN_IN, signed_in=True) is not first


def test_documents_are_remembered_within_bounds() -> None:
    documents = Documents(GRAPH)
    first = documents.compile("{ viewer { role } } #0", signed_in=True)

    for number in range(1, limits.DOCUMENTS_KEPT + 1):
        documents.compile(f"{{ viewer {{ role }} }} #{number}", signed_in=True)

    assert documents.compile("{ viewer { role } } #0", signed_in=True) is not first


async def test_an_operation_of_another_name_is_not_run() -> None:
    desk = await a_live_desk()
    actor = await desk.actor(await desk.a_key())

    named = desk.engine.compile(GraphQLRequest("query A { viewer { role } }", operation_name="A"), actor)
    other = desk.engine.compile(GraphQLRequest("query A { viewer { role } }", operation_name="B"), actor)

    assert isinstance(named, Compiled)
    assert not isinstance(other, Compiled)
    assert other.code == "BAD_REQUEST"
