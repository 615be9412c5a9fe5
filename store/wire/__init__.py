"""Dispatches that providers filed, and who ran them."""
