"""Delivery of notices: rows of the outbox in, receipts out; the caller records them."""

from ecomon.notify.folder import CHANNEL, Delivery, deliver_to_folder

__all__ = ["CHANNEL", "Delivery", "deliver_to_folder"]
