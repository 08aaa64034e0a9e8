"""Ranks by Horovod, whoever started them: `srun`, `horovodrun`, `mpirun`, or nobody.

The only module that talks to Horovod. Ranks meet in the run folder, so that `srun` needs neither
MPI nor ssh: rank 0 serves as the place where Horovod's own connections (Gloo) are arranged.
"""

from __future__ import annotations

import atexit
import os
import socket
import sys
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from common.cluster import Rank, available_cpus, chosen_interface, environment, machine
from common.errors import ConfigError, Interrupted, PipelineError
from layer2_train.meeting import Meeting, Member, Place, meet
from layer2_train.ranks import Alone, Ranks
from layer2_train.roll_call import Progress, RollCall

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from layer2_train.settings.distributed import DistributedSettings

_SAME_SIZE: Final = {"uint32": "int32", "uint64": "int64", "bfloat16": "int16", "bool": "uint8"}
_WORD_S: Final = 2.0  # between an error that another rank's end causes, and the word of that end


@contextmanager
def ranks(settings: DistributedSettings, folder: Path) -> Generator[Ranks, None, None]:
    """The ranks this process is one of; `Alone` where it was started alone.

    An error in the body ends all ranks with its exit status, and a rank that dies, stands still or
    keeps others waiting ends them with a message that names it.

    Parameters
    ----------
    settings : DistributedSettings
    folder : Path
        That all ranks see; is made.

    Raises
    ------
    ConfigError
        If there are several ranks, but no Horovod or another backend than TensorFlow.
    PipelineError
        If the others do not come.
    """
    here = Rank.here()
    if here.size == 1:
        yield Alone()
        return
    _check_horovod(here)
    meeting = _met(here, settings, folder)
    with ExitStack() as stack:
        stack.callback(meeting.close)
        threads = _share_machine(meeting)
        progress = _Exchanges()
        roll_call = RollCall(
            meeting.members,
            here.index,
            meeting.links,
            timeout_s=settings.timeout_s,
            late_s=settings.late_s,
            progress=progress.told,
        )
        hvd = _connected(here, meeting, settings, stack)
        _choose_gpu(meeting)
        progress.count_in_graphs()
        roll_call.start()
        try:
            yield HorovodRanks(here, settings, hvd, progress, threads)
        except BaseException as error:
            _leave_after(error, roll_call)
            raise
        roll_call.leave()
        hvd.shutdown()


class HorovodRanks:
    """The ranks of one training, joined by Horovod; see `layer2_train.ranks.Ranks`."""

    def __init__(
        self,
        here: Rank,
        settings: DistributedSettings,
        hvd: Any,
        exchanges: _Exchanges,
        threads: int,
    ) -> None:
        self.threads = threads
        self._here = here
        self._compress = settings.compression == "fp16"
        self._hvd = hvd
        self._exchanges = exchanges

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self._here.index

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self._here.size

    def averaging(self, kind: type[Any], statistics: Sequence[Any]) -> type[Any]:
        """A subclass of an optimizer, of its name, that averages over ranks before a step.

        Whatever the optimizer does to gradients, such as clipping, it does to their mean. Around
        an optimizer that scales the loss stands one of these, not inside: ranks have to agree
        whether a step is finite.
        """
        ranks, kept = self, tuple(statistics)

        class Averaging(kind):
            def apply(self, grads: Any, trainable_variables: Any = None) -> None:
                super().apply(ranks._averaged(list(grads), kept), trainable_variables)

        Averaging.__name__, Averaging.__qualname__ = kind.__name__, kind.__qualname__
        Averaging.__module__ = kind.__module__
        return Averaging

    def broadcast(self, variables: Sequence[Any]) -> None:
        """Give Keras variables the values they have on rank 0."""
        import tensorflow as tf

        @tf.function
        def give() -> None:
            for number, variable in enumerate(variables):
                value = tf.convert_to_tensor(variable.value)
                sent = _SAME_SIZE.get(value.dtype.name)
                bits = tf.bitcast(value, sent) if sent and value.dtype != tf.bool else value
                given = self._hvd.broadcast(bits, 0, name=f"broadcast_{number}")
                variable.assign(tf.bitcast(given, value.dtype) if bits is not value else given)

        with self._exchanges.one():
            give()

    def gathered(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The rows of every rank's array below one another, in the order of ranks."""
        return self._exchange(values, lambda rows: self._hvd.allgather(rows, name="gathered"))

    def summed(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The sum of every rank's array, element by element."""
        hvd = self._hvd
        return self._exchange(values, lambda own: hvd.allreduce(own, op=hvd.Sum, name="summed"))

    def any(self, *, flag: bool) -> bool:
        """Whether any rank says so."""
        return bool(self.summed(np.array([flag], dtype=np.int32))[0])

    def wait(self) -> None:
        """Go on when every rank is here."""
        self.any(flag=False)

    def _exchange(
        self, values: npt.NDArray[Any], exchange: Callable[[Any], Any]
    ) -> npt.NDArray[Any]:
        import tensorflow as tf

        with self._exchanges.one(), tf.device("/CPU:0"):
            return exchange(tf.convert_to_tensor(values)).numpy()

    def _averaged(self, gradients: list[Any], statistics: tuple[Any, ...]) -> list[Any]:
        """Means over ranks of gradients, None where there is none; statistics are assigned."""
        import tensorflow as tf

        places = [place for place, gradient in enumerate(gradients) if gradient is not None]
        own = [tf.convert_to_tensor(gradients[place]) for place in places]
        moved = [tf.convert_to_tensor(variable.value) for variable in statistics]
        with tf.control_dependencies([*own, *moved]):
            begun = self._exchanges.begin()
        with tf.control_dependencies([begun]):
            means = self._means(own, moved)
        with tf.control_dependencies(means):
            self._exchanges.end()
        for variable, mean in zip(statistics, means[len(own) :], strict=True):
            variable.assign(mean)
        given = dict(zip(places, means[: len(own)], strict=True))
        return [given.get(place) for place in range(len(gradients))]

    def _means(self, gradients: list[Any], statistics: list[Any]) -> list[Any]:
        import tensorflow as tf

        if not self._compress:
            return self._reduced([*gradients, *statistics], "averaged")
        half = [tf.cast(gradient / self.size, tf.float16) for gradient in gradients]
        sums = self._reduced(half, "averaged_fp16", op=self._hvd.Sum)
        whole = [tf.cast(total, own.dtype) for total, own in zip(sums, gradients, strict=True)]
        return [*whole, *self._reduced(statistics, "averaged")]

    def _reduced(self, tensors: list[Any], name: str, op: Any = None) -> list[Any]:
        """Tensors of all ranks made one, a group for each type, as Horovod asks for."""
        done: dict[int, Any] = {}
        for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
            places = [place for place, tensor in enumerate(tensors) if tensor.dtype == dtype]
            group = self._hvd.grouped_allreduce(
                [tensors[place] for place in places],
                op=self._hvd.Average if op is None else op,
                name=f"{name}_{dtype.name}",
            )
            done.update(zip(places, group, strict=True))
        return [done[place] for place in range(len(tensors))]


class _Exchanges:
    """How many exchanges this rank has begun and ended, counted where TensorFlow does them."""

    def __init__(self) -> None:
        self._counts: tuple[Any, ...] = ()

    def count_in_graphs(self) -> None:
        """Begin to count, once the devices may be used."""
        import tensorflow as tf

        with tf.device("/CPU:0"):
            none = tf.constant(0, tf.int64)
            self._counts = tuple(tf.Variable(none, trainable=False) for _ in range(2))

    def told(self) -> Progress:
        """How many there were."""
        return Progress(*(int(count.numpy()) for count in self._counts))

    def begin(self) -> Any:
        return self._counts[0].assign_add(1)

    def end(self) -> Any:
        return self._counts[1].assign_add(1)

    @contextmanager
    def one(self) -> Generator[None, None, None]:
        self.begin()
        yield
        self.end()


def horovod_facts() -> dict[str, Any]:
    """Version of Horovod, and what it was built with; the version is empty where there is none.

    Raises
    ------
    ImportError
        If it was built for another TensorFlow.
    """
    if find_spec("horovod") is None:
        return {"version": ""}
    import horovod  # pyright: ignore[reportMissingImports]
    import horovod.tensorflow as hvd  # pyright: ignore[reportMissingImports]

    built = {"gloo": hvd.gloo_built(), "mpi": hvd.mpi_built(), "nccl": hvd.nccl_built()}
    return {"version": horovod.__version__, **{name: bool(is_in) for name, is_in in built.items()}}


def _check_horovod(here: Rank) -> None:
    found = f"{here.size} ranks, started by {here.launcher}"
    if (backend := keras.backend.backend()) != "tensorflow":
        raise ConfigError(
            f"KERAS_BACKEND: expected tensorflow for {found}, found {backend}. "
            "Start one process, or take TensorFlow"
        )
    if find_spec("horovod") is None:
        raise ConfigError(f"{found}: expected Horovod, found none. Install it with: make horovod")


def _met(here: Rank, settings: DistributedSettings, folder: Path) -> Meeting:
    import psutil  # which Horovod needs and brings

    chosen = chosen_interface()
    interfaces = {
        name: own.address
        for name, addresses in psutil.net_if_addrs().items()
        for own in addresses
        if own.family == socket.AF_INET and chosen in {None, name}
    }
    if not interfaces:
        raise ConfigError(f"HOROVOD_GLOO_IFACE: expected an interface with IPv4, found {chosen!r}")
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    me = Member(here.index, here.host, machine(), cpus)
    file = folder / f".{here.launch}.ranks"
    return meet(me, here.size, Place(file, interfaces, here.one_node, settings.late_s))


def _share_machine(meeting: Meeting) -> int:
    """Take this rank's share of the processors: those of its neighbours may be the same ones."""
    import tensorflow as tf

    own = set(meeting.me.cpus)
    sharing = sum(bool(own & set(other.cpus)) for other in meeting.neighbours)
    threads = max(1, min(available_cpus(), len(own) // sharing))
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(max(2, threads))
    return threads


def _choose_gpu(meeting: Meeting) -> None:
    """One GPU to a rank, in turn among those this process sees; memory is taken as needed."""
    import tensorflow as tf

    if gpus := tf.config.list_physical_devices("GPU"):
        mine = gpus[meeting.neighbours.index(meeting.me) % len(gpus)]
        tf.config.set_visible_devices(mine, "GPU")
        tf.config.experimental.set_memory_growth(mine, enable=True)


def _connected(
    here: Rank, meeting: Meeting, settings: DistributedSettings, stack: ExitStack
) -> Any:
    """Horovod, its ranks connected."""
    import horovod.tensorflow as hvd  # pyright: ignore[reportMissingImports]

    by_itself = here.launcher == "horovodrun" or (here.launcher == "mpirun" and hvd.mpi_built())
    values = {
        "HOROVOD_FUSION_THRESHOLD": str(settings.fusion_mb << 20),
        # longer than ours, which says who it was
        "HOROVOD_GLOO_TIMEOUT_SECONDS": str(int(2 * settings.timeout_s) + 30),
    }
    if not by_itself:
        values |= _arranged(here, meeting, stack)
    stack.enter_context(environment(values))
    hvd.init()
    if hvd.size() != here.size or hvd.rank() != here.index:
        found = f"rank {hvd.rank()} of {hvd.size()}"
        raise PipelineError(f"{meeting.me} of {here.size}: expected to be that, found {found}")
    return hvd


def _arranged(here: Rank, meeting: Meeting, stack: ExitStack) -> dict[str, str]:
    """What Horovod has to know to connect ranks by Gloo; rank 0 serves their addresses."""
    machines = list(dict.fromkeys(member.machine for member in meeting.members))
    around = {name: [m for m in meeting.members if m.machine == name] for name in machines}
    local = meeting.neighbours.index(meeting.me)
    across = [name for name in machines if len(around[name]) > local]
    port = _serve(meeting, around, stack) if here.index == 0 else None
    told = meeting.from_first(port=port)
    return {
        "HOROVOD_RANK": str(here.index),
        "HOROVOD_SIZE": str(here.size),
        "HOROVOD_LOCAL_RANK": str(local),
        "HOROVOD_LOCAL_SIZE": str(len(meeting.neighbours)),
        "HOROVOD_CROSS_RANK": str(across.index(meeting.me.machine)),
        "HOROVOD_CROSS_SIZE": str(len(across)),
        "HOROVOD_HOSTNAME": f"node{machines.index(meeting.me.machine)}",
        "HOROVOD_GLOO_RENDEZVOUS_ADDR": meeting.address,
        "HOROVOD_GLOO_RENDEZVOUS_PORT": str(told["port"]),
        "HOROVOD_GLOO_IFACE": meeting.interface,
        "HOROVOD_CONTROLLER": "gloo",
        "HOROVOD_CPU_OPERATIONS": "gloo",
    }


def _serve(meeting: Meeting, around: dict[str, list[Member]], stack: ExitStack) -> int:
    """Serve addresses to this launch's machines alone; the port."""
    from threading import Thread

    from horovod.runner.common.util.hosts import SlotInfo  # pyright: ignore[reportMissingImports]
    from horovod.runner.http.http_server import RendezvousHandler, RendezvousHTTPServer  # pyright: ignore[reportMissingImports]

    known = {meeting.address, *(link.addresses[1] for link in meeting.links.values())}

    class OurRanks(RendezvousHTTPServer):
        def verify_request(self, request: Any, client_address: Any) -> bool:
            return client_address[0] in known

    server = OurRanks((meeting.address, 0), RendezvousHandler, False)  # noqa: FBT003
    size, groups = len(meeting.members), list(around.values())
    server.init(
        [
            SlotInfo(
                f"node{node}",
                member.rank,
                local,
                sum(len(other) > local for other in groups[:node]),
                size,
                len(group),
                sum(len(other) > local for other in groups),
            )
            for node, group in enumerate(groups)
            for local, member in enumerate(group)
        ]
    )
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    Thread(target=server.serve_forever, name="rendezvous", daemon=True).start()
    return server.server_address[1]


def _leave_after(error: BaseException, roll_call: RollCall) -> None:
    """Tell the others why this rank ends, and see that it does end.

    Horovod may wait for others for long when the interpreter ends, so it is not asked to.
    """
    if isinstance(error, Interrupted | KeyboardInterrupt):
        status = error.exit_status if isinstance(error, Interrupted) else 130
        roll_call.leave(str(error) or "stopped by a user", status)
    elif isinstance(error, PipelineError):
        status = error.exit_status
        roll_call.fail(str(error), status)
    elif isinstance(error, SystemExit | GeneratorExit):
        return
    else:  # such as what Horovod raises because another rank is gone
        status = 1
        roll_call.end_with_others(_WORD_S)
        roll_call.fail(f"{type(error).__name__}: {error}", status)
    atexit.register(_end_now, status)


def _end_now(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
