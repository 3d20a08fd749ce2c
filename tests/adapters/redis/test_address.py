"""What may stand in DESKLINE_REDIS_URL."""

import pytest

from adapters.redis import RedisAddress, read_address
from adapters.redis.address import Kind, Node


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://cache", RedisAddress(Kind.SINGLE, (Node("cache", 6379),))),
        (
            "redis://:p%40ss%2Fword@cache.acme.example:6380/3",
            RedisAddress(Kind.SINGLE, (Node("cache.acme.example", 6380),), database=3, password="p@ss/word"),
        ),
        (
            "rediss://anna:word@[2001:db8::7]:6390/?ca=/etc/redis/ca.pem",
            RedisAddress(
                Kind.SINGLE,
                (Node("2001:db8::7", 6390),),
                user="anna",
                password="word",
                tls=True,
                ca_file="/etc/redis/ca.pem",
            ),
        ),
        (
            "redis+sentinel://:word@one,two:26380/desk/2?sentinel_password=other",
            RedisAddress(
                Kind.SENTINEL,
                (Node("one", 26379), Node("two", 26380)),
                database=2,
                service="desk",
                password="word",
                sentinel_password="other",
            ),
        ),
        (
            "rediss+cluster://one,two:7000,three",
            RedisAddress(Kind.CLUSTER, (Node("one", 6379), Node("two", 7000), Node("three", 6379)), tls=True),
        ),
    ],
)
def test_every_kind_of_redis_has_an_address(text: str, address: RedisAddress) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "redis://:password@host:6379/0"),
        ("cache:6379", "redis\\+cluster://"),
        ("http://:swordfish@cache", "redis://"),
        ("redis://:swordfish@[", "redis://"),
        ("redis://:swordfish@", "hosts and ports"),
        ("redis://:swordfish@ca che", "hosts and ports"),
        ("redis://:swordfish@cache:port", "hosts and ports"),
        ("redis://:swordfish@cache:0", "ports from 1 to 65535"),
        ("redis://:swordfish@cache:65536", "ports from 1 to 65535"),
        ("redis://:swordfish@one,two", "one host"),
        ("redis://:swordfish@cache/first", "a database's number"),
        ("redis://:swordfish@cache/0/1", "a database's number"),
        ("redis://:swordfish@cache/0?db=1", "nothing after the address but the database"),
        ("redis://:swordfish@cache/0#1", "nothing after the address"),
        ("rediss://:swordfish@cache?verify=no", "nothing after the address but ca"),
        ("redis+sentinel://:swordfish@one,two", "the service's name"),
        ("redis+sentinel://:swordfish@one,/desk", "hosts and ports"),
        ("redis+cluster://:swordfish@one/1", "a Cluster has only one"),
        ("redis+magic://:swordfish@one", "redis://"),
    ],
)
def test_a_wrong_address_is_told_what_was_expected_and_keeps_its_password(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected) as error:
        read_address(text)

    assert "swordfish" not in str(error.value)


def test_an_address_shows_its_nodes_and_no_password() -> None:
    address = read_address("redis+sentinel://:swordfish@one,[::1]/desk?sentinel_password=swordfish")

    assert str(address) == "one:26379, [::1]:26379"
    assert "swordfish" not in repr(address)
