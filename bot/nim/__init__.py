"""The adapter to Identity Manager: fulfils the ports with its documented HTTP interface (nim-api)."""
