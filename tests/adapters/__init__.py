"""Tests of what stands at the outside."""
