"""The story API: JSON over HTTP, described by its own OpenAPI document."""
