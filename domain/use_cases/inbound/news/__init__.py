"""What the network tells of numbers, accounts and people, apart from messages."""
