"""The companion: a small service on the host of an Identity Manager agent or server, which shows its logs and files.

It reads, and acts never. It shares no code with the bot: they meet on a socket (nim-api chapter 9).
"""
