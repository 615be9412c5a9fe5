"""Texts in, partition out: signatures, the band index, verification, and the partition into stories.

Knows ids and texts; nothing of the web, of SQL or of how a story is stored. PyPI also has a package that
imports as ``dedupe`` (dedupe.io): this one is the project's own and is always imported from the project.
"""
