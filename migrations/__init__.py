"""Migrations, in order, run by Tortoise's runner and written by hand for each database.

A module here is one migration, unless its name begins with an underscore. `schema.sqlite.sql` is what they make of an
empty SQLite database.
"""
