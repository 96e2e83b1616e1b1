"""Which parked messages ring an alarm: the first of each event and version. Both targets ask it for each one they park."""

from collections import OrderedDict

from oort.model.messages import Message

_REMEMBERED = 1000  # a sender of garbage must not fill the memory with its names


class Alarms:
    """What has rung since this process began. Used by several threads: at worst one rings twice."""

    def __init__(self) -> None:
        self._rung: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def rings(self, queue: str, message: Message) -> bool:
        """Whether this is the first message of its event and version that was parked from the queue."""
        key = (queue, message.name, message.version)
        if key in self._rung:
            return False
        self._rung[key] = None
        if len(self._rung) > _REMEMBERED:
            self._rung.popitem(last=False)
        return True
