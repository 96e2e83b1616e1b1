"""A state on disk with a few rows, for tests of saved states."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from oort import Service
from oort.app.loading.loader import load
from oort.app.programs import Program
from oort.engine.rows import messages
from oort.engine.saving import saved_states
from oort.engine.saving.saved_states import SavedState
from oort.engine.state.folder import StateFolder, held, open_state
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import key_of, unlock
from oort.engine.store.direct import DirectStore
from oort.engine.store.session import Session
from oort.model.messages import Message

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """A folder with a platform's state."""

    root: Path

    @property
    def keys(self) -> Keys:
        return Keys({"XDG_CONFIG_HOME": str(self.root / "config")})

    @property
    def state(self) -> StateFolder:
        return open_state(self.root / ".oort")

    @property
    def program(self) -> Program:
        return load([Service("shop")], name="shop")

    def put(self, *names: str, filler: int = 10) -> None:
        """Send messages with these ids, as a platform that ran would have."""
        with held(self.state) as holder:
            store = DirectStore(holder.database, key=unlock(holder, self.keys))
            holder.settle()

            def work(session: Session) -> None:
                for name in names:
                    body = b'"' + b"x" * filler + b'"'
                    payload = messages.packed(Message(id=name, name="m", body=body))
                    messages.add(session, "shop.jobs", payload, sent=0, visible=0)

            store.write(work)
            store.close()

    def names(self, folder: Path | None = None) -> list[str]:
        """Return the ids of the messages in the state, or in a saved state."""
        state = StateFolder(folder or self.root / ".oort")
        store = DirectStore(state.database, key=key_of(state, self.keys))
        try:
            rows = store.read(lambda s: s.rows("SELECT payload FROM messages ORDER BY seq"))
        finally:
            store.close()
        return [messages.unpacked(payload).id for (payload,) in rows]

    def saved(self, name: str = "a") -> SavedState:
        """Save the state."""
        target = saved_states.place(self.root / ".oort", name)
        key = key_of(self.state, self.keys)
        return saved_states.save(self.state, target, key=key, platform="shop", now=NOON)

    def load(self, saved: SavedState) -> Path | None:
        """Load a saved state."""
        key = key_of(saved.folder, self.keys)
        with held(self.state) as holder:
            return saved_states.load(holder, saved, key=key, platform=self.program.model, now=NOON)
