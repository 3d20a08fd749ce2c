"""What is written down, and what never is."""

import json
import logging

import pytest
import structlog

from api.logs import set_up_logs

CANARY = "canary-7f3a91"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("said", ["one\r\ntwo", "\x1b[2J\x1b[31mred", "a\u2028b", '"},{"level":"error"', "x\x00y"])
def test_an_event_is_one_line_of_json_whatever_is_in_it(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    structlog.stdlib.get_logger().warning("heard", said=said)

    (line,) = lines(capsys)
    assert json.loads(line)["said"] == said
    assert "\x1b" not in line


@pytest.mark.parametrize("said", ["one\r\ntwo", "\x1b[2J\x1b[31mred", "a\u2028b", "x\x00y"])
def test_an_event_for_reading_is_one_line_without_control_characters(
    said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("console")
    structlog.stdlib.get_logger().warning("heard", said=said)

    (line,) = lines(capsys)
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in line)


def test_values_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    structlog.stdlib.get_logger().warning("heard", said="x" * 1_000_000, more=["y" * 1_000_000])

    (line,) = lines(capsys)
    assert len(line) < 4096


@pytest.mark.parametrize("format", ["json", "console"])
def test_secrets_are_not_written(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json" if format == "json" else "console", [CANARY])
    log = structlog.stdlib.get_logger()

    log.warning(
        f"set to {CANARY}", value=CANARY, inside={"a": [CANARY]}, header="Bearer EAAGxyz", key="dk_abcdefgh12345"
    )
    logging.getLogger("a.library").warning("GET /?token=%s", CANARY)
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("failed")

    written = "\n".join(lines(capsys))
    for secret in (CANARY, "EAAGxyz", "dk_abcdefgh12345"):
        assert secret not in written
    assert "ValueError" in written


def test_addresses_that_libraries_ask_for_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json")
    logging.getLogger("httpx").info("HTTP Request: GET https://graph.example/debug_token?input_token=secret")

    assert lines(capsys) == []
