"""News events in the database: their members, records, decisions, and counts of coverage."""
