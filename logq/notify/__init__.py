"""Notifications: topics, their subscriptions, and the outbox that delivers to other services."""
