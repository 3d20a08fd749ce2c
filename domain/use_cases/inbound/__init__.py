"""The way in: from a delivery as received to contacts, threads, tickets and messages."""
