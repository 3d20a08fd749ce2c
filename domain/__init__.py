"""The rules of the desk. Standard library only: no I/O, no clock, no framework."""
