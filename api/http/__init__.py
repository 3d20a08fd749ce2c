"""What is spoken over HTTP, and how a server listens."""
