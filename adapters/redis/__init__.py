"""Hints between processes and limits that they share. Nothing in Redis is relied on: it may vanish at any time."""

from adapters.redis.address import RedisAddress, read_address
from adapters.redis.bus import RedisBus
from adapters.redis.health import Health, RedisState, look_at
from adapters.redis.link import RedisRefused
from adapters.redis.throttle import RedisThrottle

__all__ = [
    "Health",
    "RedisAddress",
    "RedisBus",
    "RedisRefused",
    "RedisState",
    "RedisThrottle",
    "look_at",
    "read_address",
]
