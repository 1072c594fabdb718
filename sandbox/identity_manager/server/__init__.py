"""The wire: token endpoint, API, companion protocol, and the sandbox's own pages and controls."""
