"""ecomon: ecological monitoring of the Jialing and Bailong rivers."""

__version__ = "0.1.0"
