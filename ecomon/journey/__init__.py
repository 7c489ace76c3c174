"""Journeys: short pure chains of stages, written once for flows, commands, replays and verifiers."""
