"""Which firm and which person a record is about."""
