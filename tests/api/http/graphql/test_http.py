"""GraphQL over HTTP: one way in, an answer to everything else, and never a fault of ours for what somebody sent."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest

from api.logs import set_up_logs
from domain.people.actors import Scope
from tests.api.http.graphql.graphql_server import client_of, serving
from tests.schema.live_desk import LiveDesk, a_live_desk

GRAPHQL = "application/graphql-response+json"
VIEWER = {"query": "{ viewer { role } }"}


@dataclass
class Served:
    desk: LiveDesk
    key: str  # an administrator's
    http: httpx.AsyncClient  # signed in with it

    async def post(self, body: object, **headers: str) -> httpx.Response:
        return await self.http.post("/graphql", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def raw(self, body: bytes, content_type: str = "application/json") -> httpx.Response:
        return await self.http.post("/graphql", content=body, headers={"Content-Type": content_type})


@pytest.fixture
async def served() -> AsyncGenerator[Served]:
    desk = await a_live_desk()
    key = await desk.a_key(Scope.ADMIN)
    async with client_of(desk.engine, key) as http:
        yield Served(desk, key, http)


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


# ---------------------------------------------------------------- what works


async def test_a_query_is_answered(served: Served) -> None:
    said = await served.post(VIEWER)

    assert said.status_code == 200
    assert said.headers["content-type"] == "application/json; charset=utf-8"
    assert said.headers["cache-control"] == "no-store"
    assert said.headers["x-content-type-options"] == "nosniff"
    assert said.json() == {"data": {"viewer": {"role": "ADMIN"}}}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, application/json;q=0.9", GRAPHQL),
        (f"application/json, {GRAPHQL}", GRAPHQL),
        (f"application/json, {GRAPHQL};q=0.5", "application/json"),
        (f"application/json, {GRAPHQL};q=0", "application/json"),
        (f"{GRAPHQL};charset=utf-8, application/json, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{GRAPHQL};q=much", "application/json"),
    ],
)
async def test_the_answers_type_is_one_the_caller_accepts(served: Served, accept: str | None, kind: str) -> None:
    said = await served.post(VIEWER, **({"Accept": accept} if accept else {}))

    assert said.headers["content-type"] == f"{kind}; charset=utf-8"
    assert said.json()["data"]["viewer"]["role"] == "ADMIN"


async def test_of_several_operations_the_name_chooses(served: Served) -> None:
    query = "query Who { viewer { role } } query What { channels { name } } mutation Leave { signOut { __typename } }"

    said = await served.post({"query": query, "operationName": "Who"})

    assert said.json() == {"data": {"viewer": {"role": "ADMIN"}}}


async def test_the_cost_is_told_when_asked(served: Served) -> None:
    said = await served.post(VIEWER, Deskline_Cost="1")

    assert said.json()["extensions"]["cost"]["asked"] == 1


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; charset=iso-8859-1",
        "application/json; profile=x; charset=utf-16",
        "application/json;",
    ],
)
async def test_json_is_json_however_its_type_is_spelled(served: Served, content_type: str) -> None:
    assert (await served.raw(json.dumps(VIEWER).encode(), content_type)).json()["data"]


# ---------------------------------------------------------------- what is refused

OPERATION_MISTAKES = {
    "no GraphQL": {"query": "{"},
    "an unknown field": {"query": "{ nope }"},
    "a variable that is missing": {"query": "query($i: ID!) { thread(id: $i) { id } }"},
    "another operation's name": {"query": "query A { viewer { role } }", "operationName": "B"},
    "two operations and no name": {"query": "query A { viewer { role } } query B { viewer { role } }"},
    "a page of 5,000 digits": {"query": "{ threads(first: " + "9" * 5_000 + ") { nodes { id } } }"},
    "introspection": {"query": "{ __schema { types { name } } }"},
    "a subscription": {"query": "subscription { inboxEvents { cursor } }"},
    "nothing": {"query": ""},
}


@pytest.mark.parametrize("body", OPERATION_MISTAKES.values(), ids=OPERATION_MISTAKES.keys())
async def test_a_mistake_in_an_operation_is_200_as_json_and_400_as_graphql_response(
    served: Served, body: dict[str, object]
) -> None:
    plain, strict = await served.post(body), await served.post(body, Accept=GRAPHQL)

    assert (plain.status_code, strict.status_code) == (200, 400)
    assert codes(plain) == codes(strict) == ["BAD_REQUEST"]
    assert "data" not in strict.json()


LITERAL_MISTAKES = {
    "no choice": "mutation { messageSend(input: {threadId: 1, content: {}}) { __typename } }",
    "a choice that is null": "mutation { messageSend(input: {threadId: 1, content: {text: null}}) { __typename } }",
    "a choice that is a variable left out": "mutation($t: TextInput) {"
    " messageSend(input: {threadId: 1, content: {text: $t}}) { __typename } }",
    "an id of 5,000 digits": "query($n: ID! = " + "9" * 5_000 + ") { node(id: $n) { id } }",
}


@pytest.mark.parametrize("query", LITERAL_MISTAKES.values(), ids=LITERAL_MISTAKES.keys())
async def test_a_literal_that_does_not_fit_is_the_callers_mistake(served: Served, query: str) -> None:
    assert codes(await served.post({"query": query})) == ["BAD_REQUEST"]


async def test_too_much_is_one_short_error(served: Served) -> None:
    body = {"query": "{ " + " ".join(f"a{number}: __typename" for number in range(101)) + " }"}

    assert codes(await served.post(body)) == ["TOO_COMPLEX"]


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Bearer dk_unknown", "Basic YTpi", "Bearer"])
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL, "text/event-stream"])
async def test_who_is_not_signed_in_is_told_so(served: Served, authorization: str | None, accept: str) -> None:
    headers = {"Accept": accept} | ({"Authorization": authorization} if authorization else {})
    async with client_of(served.desk.engine) as stranger:
        said = await stranger.post("/graphql", json=VIEWER, headers=headers)

    assert said.status_code == 401
    assert said.headers["www-authenticate"] == "Bearer"
    assert codes(said) == ["UNAUTHENTICATED"]


async def test_a_key_that_is_refused_is_told_of_in_the_log_without_the_key(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json")
    async with client_of(served.desk.engine) as stranger:
        await stranger.post("/graphql", json=VIEWER)
        for number in range(5):
            await stranger.post("/graphql", json=VIEWER, headers={"Authorization": f"Bearer dk_guess{number}"})

    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"]) == ("a key or a token was refused", "warning")
    assert line["address"]
    assert "guess" not in json.dumps(line)


async def test_signing_in_needs_no_sign_in_and_what_is_wrong_is_a_user_error(served: Served) -> None:
    query = 'mutation { signIn(input: {email: "a@b.example", password: "wrong"}) { token userErrors { code } } }'
    async with client_of(served.desk.engine) as stranger:
        said = await stranger.post("/graphql", json={"query": query})

    assert said.status_code == 200
    assert said.json()["data"]["signIn"] == {"token": None, "userErrors": [{"code": "INVALID"}]}


async def test_guessing_passwords_is_slowed_down(served: Served) -> None:
    query = 'mutation { signIn(input: {email: "a@b.example", password: "wrong"}) { token userErrors { code } } }'
    async with client_of(served.desk.engine) as stranger:
        answers = [await stranger.post("/graphql", json={"query": query}) for _ in range(12)]

    assert codes(answers[-1]) == ["THROTTLED"]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_a_key_in_the_address_is_nobody(served: Served) -> None:
    key = await served.desk.a_key()
    async with client_of(served.desk.engine) as stranger:
        said = await stranger.post(f"/graphql?access_token={key}&authorization=Bearer%20{key}", json=VIEWER)

    assert said.status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_no_method_but_post_executes(served: Served, method: str) -> None:
    said = await served.http.request(method, "/graphql?query=%7Bviewer%7Brole%7D%7D")

    assert said.status_code == 405
    assert said.headers["allow"] == "POST"
    assert said.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "text/plain; application/json",
    ],
)
async def test_no_type_but_json_executes(served: Served, content_type: str) -> None:
    said = await served.raw(json.dumps(VIEWER).encode(), content_type)

    assert said.status_code == 415
    assert codes(said) == ["BAD_REQUEST"]


async def test_a_compressed_body_is_not_unpacked(served: Served) -> None:
    assert (await served.post(VIEWER, Content_Encoding="gzip")).status_code == 415


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_refused_told_or_not(served: Served, chunked: bool) -> None:
    body = json.dumps(VIEWER | {"variables": {"x": "y" * 262_144}}).encode()

    async def pieces() -> AsyncGenerator[bytes]:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    headers = {"Content-Type": "application/json"}
    async with serving(served.desk.engine) as address, client_of(address, served.key) as http:
        said = await http.post("/graphql", content=pieces() if chunked else body, headers=headers)

    assert said.status_code == 413


HOSTILE = {
    "nothing": b"",
    "no JSON": b"hello",
    "half of it": b'{"query": "{ viewer',
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ viewer { role } }"}',
    "UTF-16": '{"query": "{ viewer { role } }"}'.encode("utf-16"),
    "bad UTF-8": b'{"query": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"query": "\xed\xa0\x80"}',
    "half a character": b'{"query": "{ viewer { role } }", "variables": {"x": "\\ud800"}}',
    "NaN": b'{"query": "{ viewer { role } }", "variables": {"x": NaN}}',
    "infinity": b'{"query": "{ viewer { role } }", "variables": {"x": -Infinity}}',
    "an integer of 5,000 digits": b'{"query": "{ viewer { role } }", "variables": {"x": ' + b"9" * 5_000 + b"}}",
    "100,000 arrays inside each other": b"[" * 100_000,
    "100,000 objects inside each other": b'{"a":' * 40_000,
    "1,000 arrays that close": b'{"query": "{ viewer { role } }", "variables": {"x": '
    + b"[" * 1_000
    + b"]" * 1_000
    + b"}}",
    "65 levels": b'{"query": "{ viewer { role } }", "variables": {"x": ' + b"[" * 65 + b"]" * 65 + b"}}",
    "a key twice": b'{"query": "{ viewer { role } }", "query": "{ nope }"}',
    "a key twice in variables": b'{"query": "{ viewer { role } }", "variables": {"x": 1, "x": 2}}',
    "null": b"null",
    "a text": b'"{ viewer { role } }"',
    "a number": b"5",
    "an empty array": b"[]",
    "an array of ten": json.dumps([VIEWER] * 10).encode(),
    "an empty object": b"{}",
    "a query that is an object": b'{"query": {}}',
    "variables that are a list": b'{"query": "{ viewer { role } }", "variables": []}',
    "variables that are a text": b'{"query": "{ viewer { role } }", "variables": "{}"}',
    "a name that is a number": b'{"query": "{ viewer { role } }", "operationName": 5}',
    "extensions that are a list": b'{"query": "{ viewer { role } }", "extensions": [1]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_body_is_400(served: Served, body: bytes) -> None:
    said = await served.raw(body)

    assert said.status_code == 400
    assert codes(said) == ["BAD_REQUEST"]
    assert len(said.content) < 1_000


ODD = {
    "a NUL in a variable": {
        "query": "query($q: String) { contacts(query: $q) { edges { cursor } } }",
        "variables": {"q": "\0"},
    },
    "an integer beyond 64 bits": {
        "query": "query($n: Int) { threads(first: $n) { edges { cursor } } }",
        "variables": {"n": 2**70},
    },
    "a float for a page": {
        "query": "query($n: Int) { threads(first: $n) { edges { cursor } } }",
        "variables": {"n": 1e308},
    },
    "a page of minus one": {"query": "{ threads(first: -1) { edges { cursor } } }"},
    "a page of 2,147,483,647": {"query": "{ threads(first: 2147483647) { edges { cursor } } }"},
    "101 ids": {"query": "query($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": {"i": ["x"] * 101}},
    "10,000 variables": {
        "query": "{ viewer { role } }",
        "variables": {str(number): number for number in range(10_000)},
    },
    "a name from the right": {"query": "{ viewer { role } }", "variables": {"\u202e": "\u202e"}},
    "a cursor of 1 KB": {
        "query": "query($a: EventCursor) { events(after: $a) { edges { cursor } } }",
        "variables": {"a": "A" * 1_000},
    },
    "a cursor that is none": {"query": 'query { threads(after: "nonsense") { edges { cursor } } }'},
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
async def test_odd_values_are_answered_and_no_fault_of_ours(served: Served, body: dict[str, object]) -> None:
    said = await served.post(body, Accept=GRAPHQL)

    assert said.status_code in (200, 400)
    assert "INTERNAL" not in said.text


async def test_a_reader_who_leaves_in_the_middle_of_a_request_harms_nobody(served: Served) -> None:
    async def half() -> AsyncGenerator[bytes]:
        yield b'{"query": '
        raise ConnectionResetError

    async with serving(served.desk.engine) as address, client_of(address, served.key) as http:
        with pytest.raises(ConnectionResetError):
            await http.post("/graphql", content=half(), headers={"Content-Type": "application/json"})

        assert (await http.post("/graphql", json=VIEWER)).status_code == 200
