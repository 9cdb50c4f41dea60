"""The wire of the test system, from either side: connections, TLS, messages, and the log of all that was said."""
