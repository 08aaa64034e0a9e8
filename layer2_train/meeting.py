"""How ranks that know only their number find one another, over a file in a folder they share.

Rank 0 listens, and writes where, with a random token, into a file whose name no other launch has.
The others read it, connect, show the token and introduce themselves. When all are there, rank 0
removes the file, stops listening and tells everybody who is there. A file that an earlier launch
left behind leads to nobody who knows its token, and is read again until the right one is there.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from common.errors import PipelineError
from common.files import whole_file
from layer2_train.links import Link

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOOPBACK: Final = "127.0.0.1"
_ANSWER_S: Final = 5.0
_PAUSE_S: Final = 0.2


@dataclass(frozen=True)
class Member:
    """A rank, as it introduces itself.

    Attributes
    ----------
    rank : int
    host : str
        Name of its computer or container, for people.
    machine : str
        Equal for ranks that reach one another by the loopback interface.
    cpus : tuple of int
        That it may use.
    """

    rank: int
    host: str
    machine: str
    cpus: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"rank {self.rank} on {self.host}"


@dataclass(frozen=True)
class Meeting:
    """All ranks of a launch, seen from one of them.

    Attributes
    ----------
    me : Member
    members : tuple of Member
        By rank.
    links : dict of int to Link
        From rank 0 to every other; from every other to rank 0.
    address : str
        Of rank 0, for every rank.
    interface : str
        Name of the network interface by which this rank reaches others.
    """

    me: Member
    members: tuple[Member, ...]
    links: dict[int, Link]
    address: str
    interface: str

    @property
    def neighbours(self) -> tuple[Member, ...]:
        """Those on the machine of this rank, itself among them, by rank."""
        return tuple(member for member in self.members if member.machine == self.me.machine)

    def from_first(self, **message: Any) -> dict[str, Any]:
        """What rank 0 says to all; the others need to say nothing, and wait for it."""
        if self.me.rank == 0:
            for link in self.links.values():
                link.send(**message)
            return message
        said = self.links[0].next(time.monotonic() + 60.0)
        if said is None:
            raise PipelineError(f"{self.members[0]} ended while {self.me} was waiting for it")
        return said

    def close(self) -> None:
        """Close all links."""
        for link in self.links.values():
            link.close()


@dataclass(frozen=True)
class Place:
    """Where ranks meet.

    Attributes
    ----------
    file : Path
        In a folder that all ranks see.
    interfaces : mapping of str to str
        Names of this rank's network interfaces, and their IPv4 addresses.
    one_node : bool
        Whether all ranks are known to be on one node; then nobody listens beyond it.
    timeout_s : float, s
        To wait for the last one.
    """

    file: Path
    interfaces: Mapping[str, str]
    one_node: bool
    timeout_s: float


def meet(me: Member, size: int, place: Place) -> Meeting:
    """All `size` ranks, once they are there; each calls this.

    Raises
    ------
    PipelineError
        If they are not in time.
    """
    return _expect(me, size, place) if me.rank == 0 else _find(me, place)


def _expect(me: Member, size: int, place: Place) -> Meeting:
    """Rank 0's part: wait for the others, then tell each who is there."""
    token = secrets.token_hex(16)
    outer = {name: ip for name, ip in place.interfaces.items() if not ip.startswith("127.")}
    links: dict[int, Link] = {}
    members = {0: me}
    own = next(iter(place.interfaces.values()), LOOPBACK)
    bound = own if len(place.interfaces) == 1 else LOOPBACK if place.one_node else ""
    with socket.create_server((bound, 0), backlog=size) as listener:
        notice = {
            "token": token,
            "machine": me.machine,
            "port": listener.getsockname()[1],
            "addresses": [bound] if bound else [LOOPBACK, *outer.values()],
        }
        _publish(place.file, notice)
        try:
            until = time.monotonic() + place.timeout_s
            while len(members) < size:
                listener.settimeout(max(until - time.monotonic(), 1e-3))
                try:
                    link = Link(listener.accept()[0])
                except TimeoutError:
                    raise _missing(members, size, place) from None
                except OSError:  # somebody who was gone at once
                    continue
                if (member := _introduced(link, token, size, members)) is None:
                    link.close()
                else:
                    members[member.rank], links[member.rank] = member, link
        except BaseException:
            for link in links.values():
                link.close()
            raise
        finally:
            place.file.unlink(missing_ok=True)
    everybody = tuple(members[rank] for rank in range(size))
    away = [links[m.rank] for m in everybody if m.machine != me.machine]
    address = away[0].addresses[0] if away else bound or LOOPBACK
    interface = _name_of(address, place.interfaces)
    for link in links.values():
        known = {"members": [asdict(m) for m in everybody], "address": address}
        link.send(**known, interface=interface)
    return Meeting(me, everybody, links, address, interface)


def _find(me: Member, place: Place) -> Meeting:
    """Another rank's part: find rank 0, and hear who is there."""
    until = time.monotonic() + place.timeout_s
    while time.monotonic() < until:
        if (link := _connected(me, place.file)) is not None:
            if (known := link.next(until)) is not None:
                members = tuple(_member(m) for m in known["members"])
                near = members[0].machine == me.machine
                own = known["interface"] if near else _name_of(link.addresses[0], place.interfaces)
                return Meeting(me, members, {0: link}, known["address"], own)
            link.close()
        time.sleep(_PAUSE_S)
    raise PipelineError(
        f"{me}: expected rank 0 to be reached within {place.timeout_s:g} s by {place.file}, found "
        "nobody. Do all ranks see that folder, and do their nodes reach one another?"
    )


def _publish(file: Path, notice: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as partial:
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(notice), encoding="utf-8")


def _missing(members: Mapping[int, Member], size: int, place: Place) -> PipelineError:
    absent = ", ".join(str(rank) for rank in range(size) if rank not in members)
    return PipelineError(
        f"{members[0]}: expected {size} ranks within {place.timeout_s:g} s, found none that is "
        f"rank {absent}. Did it start, and does it see {place.file.parent}?"
    )


def _introduced(link: Link, token: str, size: int, members: Mapping[int, Member]) -> Member | None:
    """Who connected, told that it is known; None for somebody who is not of this launch."""
    said = link.next(time.monotonic() + _ANSWER_S)
    if said is None or not secrets.compare_digest(str(said.get("token")), token):
        return None
    member = _member(said["member"])
    if member.rank in members or not 0 < member.rank < size:
        return None
    link.send(known=True)
    return member


def _connected(me: Member, file: Path) -> Link | None:
    """A link to rank 0, if the file is there and leads to it."""
    try:
        # network file systems remember for long that a name was not there, unless asked for all
        if file not in file.parent.iterdir():
            return None
        notice = json.loads(file.read_text(encoding="utf-8"))
        addresses, port, token = notice["addresses"], notice["port"], notice["token"]
    except (OSError, ValueError, KeyError):
        return None
    if notice.get("machine") != me.machine:
        addresses = [ip for ip in addresses if not ip.startswith("127.")] or addresses
    for address in addresses:
        with contextlib.suppress(OSError):
            link = Link(socket.create_connection((address, port), timeout=_ANSWER_S))
            link.send(token=token, member=asdict(me))
            if link.next(time.monotonic() + _ANSWER_S) is not None:
                return link
            link.close()
    return None


def _member(told: Mapping[str, Any]) -> Member:
    return Member(told["rank"], told["host"], told["machine"], tuple(told["cpus"]))


def _name_of(address: str, interfaces: Mapping[str, str]) -> str:
    """The interface that has an address; empty where none of them does."""
    return next((name for name, ip in interfaces.items() if ip == address), "")
