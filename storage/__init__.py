"""What the bot remembers: tables, one file per noun, migrations."""
