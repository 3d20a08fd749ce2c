"""Sounds in other forms, by the codecs of the extra `voice`."""

from adapters.sounds.codecs import Codecs, are_here

__all__ = ["Codecs", "are_here"]
