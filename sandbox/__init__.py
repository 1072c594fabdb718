"""Doubles that stand in for the outside: an Identity Manager and a Slack workspace."""
