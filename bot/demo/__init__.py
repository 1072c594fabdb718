"""`nimdesk demo`: the sandbox, the local workspace and the bot, started as the programs that they are."""
