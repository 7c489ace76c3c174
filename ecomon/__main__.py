"""``python -m ecomon`` is the ``ecomon`` command."""

from ecomon.cli import main

main()
