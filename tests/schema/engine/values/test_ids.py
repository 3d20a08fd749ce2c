"""Global ids: opaque, stable, and of one kind each."""

import base64

import pytest

from domain.ids import ThreadId
from schema.engine.api_error import ApiError
from schema.engine.readable import WrongInput
from schema.engine.values import ids
from tests.builders import THREAD, TICKET


def test_the_same_object_always_has_the_same_id() -> None:
    assert ids.THREAD.encode(THREAD) == ids.THREAD.encode(ThreadId(str(THREAD)))


def test_an_id_leads_back_to_its_object() -> None:
    assert ids.THREAD.asked(ids.THREAD.encode(THREAD)) == THREAD
    assert ids.THREAD.given(ids.THREAD.encode(THREAD), "threadId") == THREAD


def encoded(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


GOOD = ids.THREAD.encode(THREAD)

NONSENSE = {
    "another type's": ids.TICKET.encode(TICKET),
    "empty": "",
    "a bare id": str(THREAD),
    "cut": GOOD[:-1],
    "with a tail": GOOD + "=",
    "not base64": "!" + GOOD[1:],
    "not ascii": GOOD + "ä",
    "no id inside": encoded("Thread:1"),
    "upper case inside": encoded(f"Thread:{THREAD.upper()}"),
    "a NUL inside": encoded(f"Thread:{THREAD}\0"),
    "without a type": encoded(THREAD),
    "of no type there is": encoded(f"Spaceship:{THREAD}"),
    "long": "A" * 100_000,
}


@pytest.mark.parametrize("text", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_a_bad_request_in_a_query_and_invalid_in_a_mutation(text: str) -> None:
    with pytest.raises(ApiError) as asked:
        ids.THREAD.asked(text)
    with pytest.raises(WrongInput) as given:
        ids.THREAD.given(text, "threadId")

    assert asked.value.code == "BAD_REQUEST"
    assert (given.value.refusal.code, given.value.refusal.field) == ("INVALID", ("threadId",))
