"""Who of the ranks is still there; one that is not ends all others, by name.

Horovod's own exchanges do not tell who is missing, and may wait for it forever. Here every rank
has a thread that talks to rank 0, whatever its main thread is held up in: it says a few times in
`timeout_s` how far the rank is. A connection that breaks, silence, or an error of a rank ends all.
"""

from __future__ import annotations

import os
import selectors
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from layer2_train.links import Link
    from layer2_train.meeting import Member

_BEATS: Final = 6  # in the time after which silence is an end
_LONGEST_BEAT_S: Final = 5.0
_TURN_S: Final = 0.2
_LOOK_S: Final = 0.02


class Progress(NamedTuple):
    """How many exchanges with all others a rank has begun, and how many ended."""

    begun: int = 0
    ended: int = 0


@dataclass
class _Heard:
    """What is known of one rank: seconds of silence and of waiting, and why it left if it did."""

    progress: Progress = field(default_factory=Progress)
    silent_s: float = 0.0
    waiting_s: float = 0.0
    left: str | None = None
    status: int = 0

    @property
    def waits(self) -> bool:
        return self.progress.begun > self.progress.ended

    def note(self, progress: Progress) -> None:
        self.silent_s = 0.0
        if progress != self.progress:
            self.progress, self.waiting_s = progress, 0.0


def end_process(message: str, status: int) -> None:
    """Say why on standard error, and end at once, also where a library would not come back."""
    sys.stderr.write(f"{message}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


class RollCall:
    """The ranks as one of them hears of them; rank 0 of all, the others of rank 0.

    Parameters
    ----------
    members : sequence of Member
        All, by rank.
    rank : int
        Of this process.
    links : mapping of int to Link
    timeout_s, late_s : float, s
        See `DistributedSettings`.
    progress : callable
        How far this rank is.
    end : callable
        Takes a message and an exit status, and ends the process.
    """

    def __init__(
        self,
        members: tuple[Member, ...],
        rank: int,
        links: Mapping[int, Link],
        *,
        timeout_s: float,
        late_s: float,
        progress: Callable[[], Progress],
        end: Callable[[str, int], None] = end_process,
    ) -> None:
        self._members = members
        self._rank = rank
        self._links = dict(links)
        self._timeout_s = timeout_s
        self._late_s = late_s
        self._progress = progress
        self._end = end
        self._heard = {number: _Heard() for number in {rank, *links}}
        self._beat_s = min(timeout_s / _BEATS, _LONGEST_BEAT_S)
        self._selector = selectors.DefaultSelector()
        for number, link in links.items():
            self._selector.register(link, selectors.EVENT_READ, number)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="roll call", daemon=True)

    def start(self) -> None:
        """Begin to speak and to listen."""
        self._thread.start()

    def leave(self, reason: str = "it finished", status: int = 0) -> None:
        """Say goodbye: this rank is about to end as it should, or was stopped.

        Others may go on for as long as they do not wait for this one.
        """
        self._over.set()
        self._thread.join()
        for link in self._links.values():
            link.send(left=reason, status=status)
            link.finish()

    def fail(self, reason: str, status: int) -> None:
        """Say that this rank cannot go on, which ends all others with the same status."""
        self._over.set()
        self._thread.join()
        for link in self._links.values():
            link.send(end=self._words(self._rank, f"failed: {reason}"), status=status)
            link.finish()

    def end_with_others(self, within_s: float) -> None:
        """Wait a little whether another rank's end explains an error of this one.

        If so, this process ends with the same status, and says who it was.
        """
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            for number, heard in self._heard.items():
                if heard.left is not None:
                    why = self._words(number, f"left: {heard.left}")
                    self._end_all(why, heard.status or 1)
            time.sleep(_LOOK_S)

    def _watch(self) -> None:
        last = time.monotonic()
        while not self._over.is_set():
            for key, _ in self._selector.select(min(self._beat_s, _TURN_S)):
                self._hear(key.data, self._links[key.data])
            now = time.monotonic()
            if now - last >= self._beat_s:
                # where the whole machine was asleep, nobody was silent
                self._beat(min(now - last, 2 * self._beat_s))
                last = now

    def _hear(self, number: int, link: Link) -> None:
        heard = self._heard[number]
        for message in link.arrived(0):
            if "end" in message:
                self._end_all(str(message["end"]), int(message["status"]))
            elif "left" in message:
                heard.left, heard.status = str(message["left"]), int(message["status"])
            elif "progress" in message:
                heard.note(Progress(*message["progress"]))
        if link.ended:
            self._selector.unregister(link)
            link.close()
            del self._links[number]
            if heard.left is None:
                why = "ended without a word: killed, out of memory, or its node is lost"
                self._end_all(self._words(number, why), 1)

    def _beat(self, elapsed: float) -> None:
        """Speak, and look who did not, or who keeps others waiting."""
        own = self._progress()
        for link in list(self._links.values()):
            link.send(progress=own)
        self._heard[self._rank].note(own)
        for number, heard in self._heard.items():
            if number in self._links:
                heard.silent_s += elapsed
                if heard.silent_s > self._timeout_s:
                    why = f"was not heard of for {self._timeout_s:g} s"
                    self._end_all(self._words(number, why), 1)
            if heard.waits and heard.left is None:
                heard.waiting_s += elapsed
                self._look_who_is_missing(heard)

    def _look_who_is_missing(self, waiting: _Heard) -> None:
        """End if a rank waits in vain: for one that left, or for too long."""
        behind = {
            number: heard
            for number, heard in self._heard.items()
            if heard.progress.begun < waiting.progress.begun
        }
        for number, heard in behind.items():
            if heard.left is not None and waiting.waiting_s > 2 * self._beat_s:
                why = f"left while others wait for it: {heard.left}"
                self._end_all(self._words(number, why), heard.status or 1)
        if self._rank == 0 and waiting.waiting_s > self._late_s:
            for_whom = [f"{self._members[n]} is not ready for it" for n in behind]
            words = "; ".join(for_whom) or "all are in it"
            message = f"ranks wait for an exchange for {self._late_s:g} s: {words}"
            self._end_all(message, 1)

    def _words(self, number: int, what: str) -> str:
        return f"{self._members[number]} {what}"

    def _end_all(self, message: str, status: int) -> None:
        """End this process, and by rank 0 all others."""
        self._over.set()
        if self._rank == 0:
            for link in self._links.values():
                link.send(end=message, status=status)
            for link in self._links.values():
                link.finish()
        self._end(f"{self._members[self._rank]} ends: {message}", status)
