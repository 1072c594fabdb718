"""A sandbox Identity Manager: the documented HTTP protocol over SQLite, and a simulated world behind it."""
