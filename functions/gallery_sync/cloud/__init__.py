"""Adapters of Google's clients: storage, tasks, signing. Nothing else imports them."""
