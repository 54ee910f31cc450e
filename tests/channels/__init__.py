"""Tests of how the bot speaks, each against a network that runs on this machine."""
