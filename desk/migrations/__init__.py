"""The database's history, applied by `python -m desk.storage.migrate`."""
