"""What is read of the database outside of transactions, and who has a connection for it next."""
