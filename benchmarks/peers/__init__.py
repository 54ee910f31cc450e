"""Small honest bots that do the same work with other means; each says in its first lines what it promises."""
