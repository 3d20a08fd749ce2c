"""Moving a database on: through the migrations, and from SQLite to PostgreSQL."""
