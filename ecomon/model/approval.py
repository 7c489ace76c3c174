"""How far a reading has been approved: provisional, reviewed, approved.

Source
------
Design, section 3: approval is separate from flags and decisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

ApprovalState = Literal["provisional", "reviewed", "approved"]

APPROVAL_STATES: Final[tuple[ApprovalState, ...]] = ("provisional", "reviewed", "approved")
"""From the least to the most."""

APPROVAL_NAMES_ZH: Final[dict[ApprovalState, str]] = {
    "provisional": "未经审核",
    "reviewed": "已审核",
    "approved": "已批准",
}


def least_approval(states: Iterable[str]) -> ApprovalState:
    """The state of what rests on readings of these states: the least of them.

    Nothing at all is provisional: nobody has approved it. So is a text that is no state.
    """
    found = set(states)
    if not found or not found <= set(APPROVAL_STATES):
        return "provisional"
    return next(state for state in APPROVAL_STATES if state in found)
