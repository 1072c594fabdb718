"""What must survive a restart: actions, audit, incidents, outbox, marks. SQLite by default, PostgreSQL for replicas."""
