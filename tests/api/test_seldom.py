"""What strangers can cause in the log: told, and never as often as they like."""

import json
import logging

import pytest

from api.logs import set_up_logs
from api.seldom import Seldom


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_the_first_is_told_at_once_and_the_rest_together_when_the_pause_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up_logs("json")
    seldom = Seldom("a key was refused", every_s=10)

    for now_s in (100.0, 100.1, 105.0, 109.9, 110.0):
        seldom.warn(now_s=now_s, address="203.0.113.7")

    first, second = told(capsys)
    assert (first["event"], first["level"], first["times"], first["address"]) == (
        "a key was refused",
        "warning",
        1,
        "203.0.113.7",
    )
    assert second["times"] == 4


def test_one_kind_does_not_silence_another(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    for event in ("a key was refused", "a handshake was refused"):
        Seldom(event).warn()

    assert [line["event"] for line in told(capsys)] == ["a key was refused", "a handshake was refused"]


def test_a_library_that_warns_of_each_request_is_told_of_as_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    """uvicorn does, of what is no HTTP and of an upgrade to something else, and anybody may send either."""
    server = logging.getLogger("uvicorn.error")
    server.setLevel(logging.CRITICAL)  # as a server that was started quietly in this process leaves it
    set_up_logs("json")

    for _ in range(100):
        server.warning("Invalid HTTP request received.")
        server.warning("Unsupported upgrade request.")

    assert [line["event"] for line in told(capsys)] == [
        "Invalid HTTP request received.",
        "Unsupported upgrade request.",
    ]


def test_each_of_its_errors_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")

    for _ in range(2):
        logging.getLogger("uvicorn.error").error("Exception in ASGI application")

    assert len(told(capsys)) == 2
