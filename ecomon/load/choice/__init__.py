"""Which method a load is estimated by, and why."""
