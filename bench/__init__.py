"""`python -m bench [NAME]`: what nimdesk promises about speed and memory, measured (docs/performance.md)."""
