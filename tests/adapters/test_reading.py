"""Reading beside the event loop: what hangs there stops nobody."""

import asyncio
import threading

import pytest

from adapters.reading import Beside
from domain.ids import DeliveryId
from domain.ports.deliveries import Delivery
from domain.ports.network import Unreadable
from domain.updates import Update
from tests.builders import NOON


class Reader:
    """Reads nothing out of a body, but where it read it. Hangs over poison until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.threads: list[threading.Thread] = []

    def updates(self, delivery: Delivery) -> list[Update]:
        self.threads.append(threading.current_thread())
        if b"poison" in delivery.body:
            assert self.let_go.wait(60)
        if b"broken" in delivery.body:
            raise ZeroDivisionError
        return []


def a_large(body: bytes) -> Delivery:
    return Delivery(DeliveryId("one"), NOON, body + bytes(100))


async def test_a_small_body_is_read_where_it_is_and_a_large_one_beside() -> None:
    reader = Reader()
    beside = Beside(reader, at_once_bytes=50)

    assert await beside.updates(Delivery(DeliveryId("one"), NOON, b"{}")) == []
    assert await beside.updates(a_large(b"{}")) == []
    assert await beside.updates(a_large(b"{}")) == []

    here, there, again = reader.threads
    assert here is threading.main_thread()
    assert there is again is not here


async def test_what_goes_wrong_there_goes_wrong_here() -> None:
    beside = Beside(Reader(), at_once_bytes=50)

    with pytest.raises(ZeroDivisionError):
        await beside.updates(a_large(b"broken"))


async def test_one_over_which_it_hangs_is_unreadable_and_the_next_is_read_all_the_same() -> None:
    reader = Reader()
    beside = Beside(reader, within_s=0.01, at_once_bytes=50)

    with pytest.raises(Unreadable, match=r"takes longer than 0\.01 seconds"):
        await beside.updates(a_large(b"poison"))
    patient = Beside(reader, at_once_bytes=50)
    assert await patient.updates(a_large(b"{}")) == []

    reader.let_go.set()
    left = reader.threads[0]
    await asyncio.to_thread(left.join, 10)
    assert not left.is_alive()


async def test_several_at_once_are_read_each_in_a_thread_of_its_own() -> None:
    reader = Reader()
    beside = Beside(reader, at_once_bytes=50)

    hanging = asyncio.create_task(beside.updates(a_large(b"poison")))
    await asyncio.sleep(0)
    assert await beside.updates(a_large(b"{}")) == []
    reader.let_go.set()

    assert await hanging == []
