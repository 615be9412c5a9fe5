"""What happens to a fetched page, one file a stage."""
