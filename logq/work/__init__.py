"""Queries of other people, in processes that can be stopped."""
