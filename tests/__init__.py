"""Dialogues, properties, promises, and the real thing: servers, files, killed processes."""
