"""The Model Context Protocol (https://modelcontextprotocol.io): Onestory for assistants, read-only."""
