"""An event loop for Pulumi's own mocks, which take it that there is one; newer Pythons make none by themselves."""

from __future__ import annotations

import asyncio
import atexit

# One for the whole session, as older Pythons had it: the mocks leave tasks on it that nobody waits for.
_LOOP = asyncio.new_event_loop()
atexit.register(_LOOP.close)


def set_event_loop() -> None:
    """From here on there is a current event loop."""
    asyncio.set_event_loop(_LOOP)
