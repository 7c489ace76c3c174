"""What comes in, what goes out, what decays on the way: the balance of a reach or a jurisdiction."""

from ecomon.load.balance.balance import balance_loads, net_contribution_text
from ecomon.load.balance.decay import delivered_share, rate_at
from ecomon.load.balance.scope import BalanceScope, Inflow
from ecomon.load.balance.target import TargetOutcome, weigh_against_target

__all__ = [
    "BalanceScope",
    "Inflow",
    "TargetOutcome",
    "balance_loads",
    "delivered_share",
    "net_contribution_text",
    "rate_at",
    "weigh_against_target",
]
