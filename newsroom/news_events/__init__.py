"""News events and counts of coverage: API, pages, and commands."""
