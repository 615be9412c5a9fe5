"""Dispatches: import by folder and API, and the report on their use."""
