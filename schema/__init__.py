"""The GraphQL face: thin types over use cases and readers."""
