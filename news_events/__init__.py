"""Stories in, news events out: features of a story, their similarity, and the partition into events.

A news event is one happening. Its stories are written independently of each other; copies are folded into stories
before (`onestory.dedupe`). Knows ids, texts and times; nothing of SQL or of the web.
"""
