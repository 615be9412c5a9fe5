"""News events: stored stories are grouped in the background, and regrouped when editors decide."""
