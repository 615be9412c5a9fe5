"""Onestory gathers news coverage, finds the copies of each article, and keeps one record for each story."""
