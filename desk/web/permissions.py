"""Who may do what: one table, for a role's rights to be read at a glance and for every route to name one."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

from desk.domain.kinds import Role


class Permission(StrEnum):
    """A right that a route needs; PUBLIC and SIGNED_IN are the two that no role has to be given."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    READ_TICKETS = "read-tickets"
    WORK_TICKETS = "work-tickets"
    EXPORT_PERSON = "export-person"
    READ_INSIGHT = "read-insight"
    READ_LOGS = "read-logs"
    MANAGE_RETENTION = "manage-retention"
    MANAGE_PEOPLE = "manage-people"
    READ_METRICS = "read-metrics"


_READING = frozenset({Permission.READ_TICKETS, Permission.READ_INSIGHT})
_WORKING = _READING | {Permission.WORK_TICKETS, Permission.EXPORT_PERSON}
_RUNNING = _WORKING | {Permission.READ_LOGS, Permission.MANAGE_RETENTION, Permission.MANAGE_PEOPLE}

GRANTS: MappingProxyType[Role, frozenset[Permission]] = MappingProxyType(
    {Role.VIEWER: _READING, Role.OFFICER: _WORKING, Role.ADMIN: _RUNNING}
)


def allows(role: Role | None, permission: Permission) -> bool:
    """Tell whether somebody with this role, or nobody at all when it is None, may use what needs the permission."""
    if permission is Permission.PUBLIC:
        return True
    if role is None:
        return False
    return permission is Permission.SIGNED_IN or permission in GRANTS[role]
