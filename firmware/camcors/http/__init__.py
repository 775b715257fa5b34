"""The connection layer: from a client's bytes to a request, and from an answer to bytes."""
