"""Nouns that two or more stages share. Nothing here reads a file, a clock or a network."""
