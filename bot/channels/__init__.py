"""How the bot speaks: one file per network."""
