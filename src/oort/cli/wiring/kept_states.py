"""Save, load, check and compact the state of a platform on this machine, for `oort state`."""

import os
from collections.abc import Callable
from pathlib import Path

from oort.app.programs import Program
from oort.cli.wiring import embedded
from oort.engine.saving import checking, copying, saved_states
from oort.engine.saving.saved_states import SavedState
from oort.engine.state.folder import held, open_state
from oort.engine.state.store_keys import Keys
from oort.engine.state.unlocking import key_of, unlock
from oort.model.errors import WrongState
from oort.runtime.system import SystemClock

__all__ = ["SavedState"]  # commands print it


def save(
    folder: Path, name: str, *, platform: str, step: Callable[[int], None] = lambda _: None
) -> SavedState:
    """Save the state under the name or path; the platform may run."""
    state, now = embedded.existing(folder), SystemClock().now()
    return saved_states.save(
        state,
        saved_states.place(folder, name, now=now),
        key=key_of(state, _keys()),
        platform=platform,
        now=now,
        step=step,
    )


def thin_out(saved: SavedState, *, keep: int) -> list[Path]:
    """Delete the oldest saved states beside this one but for `keep`; return their folders."""
    return saved_states.thin_out(saved, keep=keep)


def load(program: Program, folder: Path, name: str) -> Path | None:
    """Put a saved state in place of the state, and return the folder with the old state, if any.

    StateUnusable while the platform runs.
    """
    saved = saved_states.read(saved_states.place(folder, name))
    key = key_of(saved.folder, _keys())
    with held(open_state(folder)) as holder:
        return saved_states.load(
            holder, saved, key=key, platform=program.model, now=SystemClock().now()
        )


def saved(folder: Path, place: str) -> list[SavedState]:
    """Return the saved states beside the state folder, or in another folder, the oldest first.

    WrongState if the other folder does not exist.
    """
    if place and not Path(place).is_dir():
        raise WrongState(f"There is no folder {place}.", "Name the folder of the saved states.")
    return saved_states.saved_in(Path(place) if place else saved_states.home(folder))


def problems(program: Program, folder: Path, name: str) -> list[str]:
    """Return the problems of the state, or of a saved state with this name or path."""
    if not name:
        state = embedded.existing(folder)
        return checking.problems(state.database, key=key_of(state, _keys()), platform=program.model)
    copy = saved_states.read(saved_states.place(folder, name))
    key = key_of(copy.folder, _keys())
    saved_states.check(copy, key=key, platform=program.model)
    return []


def compact(folder: Path) -> tuple[int, int]:
    """Give unused pages back to the disk; return the sizes before and after, in bytes.

    StateUnusable while the platform runs.
    """
    state = embedded.existing(folder)
    with held(state) as holder:
        return copying.compact(holder.database, key=unlock(holder, _keys()))


def _keys() -> Keys:
    return Keys(os.environ)
