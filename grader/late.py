"""What lateness costs: a pure function of two times and a policy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class LatePolicy:
    """How points are taken off.

    Attributes:
        due: when the assignment is due; without a time zone, this machine's time.
        grace_minutes: as late as this costs nothing.
        percent_per_day: of the points earned, for each day begun after `due`.
        cap_percent: never more than this.
    """

    due: datetime
    grace_minutes: float = 0.0
    percent_per_day: float = 0.0
    cap_percent: float = 100.0


def days_late(submitted: datetime, policy: LatePolicy) -> int:
    """Returns the days begun since `due`; 0 within the grace."""
    late = submitted.astimezone(UTC) - policy.due.astimezone(UTC)
    if late <= timedelta(minutes=policy.grace_minutes):
        return 0
    return max(1, math.ceil(late / _DAY))


def penalty_percent(
    submitted: datetime | None, policy: LatePolicy | None, *, flagged: bool = False
) -> float:
    """Returns the percentage of the points earned that lateness costs.

    Args:
        submitted: when it was handed in, if known.
        policy: None where lateness costs nothing.
        flagged: the source says that it was late; one day where no time is known.
    """
    if policy is None:
        return 0.0
    days = days_late(submitted, policy) if submitted else int(flagged)
    return min(days * policy.percent_per_day, policy.cap_percent)
