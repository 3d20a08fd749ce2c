"""GraphQL over each transport: posts, server-sent events, sockets."""
