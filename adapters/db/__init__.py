"""The database: tables, transactions, the event log and its readers."""
