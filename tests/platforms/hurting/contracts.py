"""What the services of this platform tell each other."""

from oort import Event, event


@event("orders.accepted", version=1, key="id")
class Accepted(Event):
    """An order was accepted. `nature` says which handler is hurt, and how; see `hurts`."""

    id: str
    nature: str
