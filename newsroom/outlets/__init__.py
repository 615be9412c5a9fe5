"""Outlets: owners, countries, merged names, and how each runs the copy of others."""
