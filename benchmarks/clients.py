"""The other side of a server, in a process of its own: `python -m benchmarks.clients` reads what to do from stdin.

Requests are bytes made beforehand, answers are read as far as is needed to tell them apart, and the share of a
processor that it took is part of the answer: a client near 1 measures itself.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import msgspec
import uvloop

from benchmarks.figures import Sample, percentile
from benchmarks.known import ACCOUNT, APP_SECRET, ROOT, number_id

GIVES_UP_AFTER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Asking:
    """Clients that each send one request after the other for a while, over one connection each."""

    port: int
    clients: int
    seconds: float
    requests: tuple[str, ...] = ()  # base64, taken in turns
    deliver_from: int | None = None  # or signed webhooks, each with its own message, counted from here


@dataclass(frozen=True, slots=True)
class Asked:
    seconds: float
    answered: int  # with 200
    refused: int  # with anything else
    p50_ms: float
    p99_ms: float
    cpu: float  # this process's share of one processor
    acknowledged: tuple[int, ...]  # the numbers of the webhooks that were answered 200

    @property
    def sample(self) -> Sample:
        seen = {"p50 ms": self.p50_ms, "p99 ms": self.p99_ms, "client CPU": self.cpu, "not 200": self.refused}
        return Sample(self.answered / self.seconds, seen)


async def ask(asking: Asking) -> Asked:
    """Carried out in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.clients",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(msgspec.json.encode(asking))
    assert process.returncode == 0, "the client failed; it has said why"
    return msgspec.json.decode(answer, type=Asked)


def encoded(request: bytes) -> str:
    return base64.b64encode(request).decode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def delivery_body(number: int, sender: int | None = None) -> bytes:
    """One delivery with one message, as the network writes it; `number` makes it differ from all others."""
    contact = number if sender is None else sender
    return delivery_of([message_of(number, contact, f"Hello there, where is my order {number}?")])


def message_of(number: int, contact: int, words: str) -> dict[str, Any]:
    return {
        "from": _wa_id(contact),
        "id": wamid(number),
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": words},
    }


def delivery_of(messages: Sequence[Mapping[str, Any]]) -> bytes:
    """What their senders are called is told once for each of them."""
    senders = dict.fromkeys(message["from"] for message in messages)
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550100000", "phone_number_id": number_id(0)},
        "contacts": [{"profile": {"name": f"Contact {int(each[4:])}"}, "wa_id": each} for each in senders],
        "messages": messages,
    }
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _wa_id(contact: int) -> str:
    return f"1555{contact:08}"


def wamid(number: int) -> str:
    return f"wamid.{number:020}"


def signed_delivery(number: int) -> bytes:
    body = delivery_body(number, sender=number % 20_000)
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return post("/webhooks/whatsapp", body, f"X-Hub-Signature-256: sha256={signature}")


# In the client's own process


@dataclass(slots=True)
class _Tally:
    latencies: list[float]
    acknowledged: list[int]
    refused: int = 0


async def _carry_out(asking: Asking) -> Asked:
    requests = _requests(asking)
    tally = _Tally([], [])
    connections = [await asyncio.open_connection("127.0.0.1", asking.port) for _ in range(asking.clients)]
    cpu, began = time.process_time(), time.perf_counter()
    until = began + asking.seconds
    async with asyncio.timeout(asking.seconds + GIVES_UP_AFTER_S):
        await asyncio.gather(*(_one_client(*each, requests, tally, until) for each in connections))
    took, used = time.perf_counter() - began, time.process_time() - cpu
    for _, writer in connections:
        writer.close()
    return Asked(
        seconds=took,
        answered=len(tally.acknowledged),
        refused=tally.refused,
        p50_ms=percentile(tally.latencies, 0.5) * 1000,
        p99_ms=percentile(tally.latencies, 0.99) * 1000,
        cpu=used / took,
        acknowledged=tuple(tally.acknowledged) if asking.deliver_from is not None else (),
    )


def _requests(asking: Asking) -> Iterator[tuple[int, bytes]]:
    """Numbered. Webhooks are made ahead for a faster server than there is; then, on the way."""
    if asking.deliver_from is None:
        made = [base64.b64decode(request) for request in asking.requests]
        return ((number, made[number % len(made)]) for number in count())
    first = asking.deliver_from
    ahead = {number: signed_delivery(number) for number in range(first, first + int(8_000 * asking.seconds))}
    return ((number, ahead.get(number) or signed_delivery(number)) for number in count(first))


async def _one_client(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    requests: Iterator[tuple[int, bytes]],
    tally: _Tally,
    until: float,
) -> None:
    while (sent := time.perf_counter()) < until:
        number, request = next(requests)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = _content_length(head)
        if length:
            await reader.readexactly(length)
        tally.latencies.append(time.perf_counter() - sent)
        if head.startswith(b"HTTP/1.1 200 "):
            tally.acknowledged.append(number)
        else:
            tally.refused += 1


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    return int(lowered[at + 15 : lowered.find(b"\r\n", at)]) if at >= 0 else 0


def main() -> None:
    asking = msgspec.json.decode(sys.stdin.buffer.read(), type=Asking)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_carry_out(asking))))


if __name__ == "__main__":
    main()
