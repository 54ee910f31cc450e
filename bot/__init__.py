"""Mitreden: the chat bot through which a city asks its residents, and answers them."""
