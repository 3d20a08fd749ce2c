"""Migrations, in order, run by Tortoise's runner and written by hand for each database.

A module here is one migration, unless its name begins with an underscore. `schema.sqlite.sql` and
`schema.postgres.sql` are what they make of an empty database.
"""
