"""The machine an installation runs on: its disk and clock, its metrics, its services."""
