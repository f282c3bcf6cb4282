"""A long, slow and lossy line between two regions, as a TCP proxy in this process.

The kernel's netem needs a module that is not everywhere, and rights. Here packets do not get lost, but connections have
what loss does to them: each is bounded in its rate, has to wait now and then as if for a retransmission, and breaks.
"""

import asyncio
import contextlib
import random
import socket
import threading

CHUNK = 16 * 1024


class SlowLine:
    """Forwards connections to `port` with a delay each way, and a rate for all together and for each.

    `sent` counts the bytes that were taken from the connecting side, `answered` those of the other way.
    """

    def __init__(
        self, port, *, delay=0.05, bytes_per_second=2_500_000, connection_bytes_per_second=250_000, stall=0.01, seed=1
    ):
        self.target = port
        self.delay = delay
        self.rate = bytes_per_second
        self.connection_rate = connection_bytes_per_second
        self.stall = stall
        self.random = random.Random(seed)
        self.sent = 0
        self.answered = 0
        self.breaks = 0
        self._writers = set()
        self._free = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = threading.Event()
        # Small buffers: what the line does not carry yet must not look as if it did.
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self):
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, sock=self._socket, limit=CHUNK)
        self._started.set()
        await self._stop.wait()
        server.close()
        self._break()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def break_connections(self):
        """Resets all connections that are open."""
        self._loop.call_soon_threadsafe(self._break)

    def _break(self):
        self.breaks += 1
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader, writer):
        await asyncio.sleep(self.delay * 2)
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self.target, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, forth}
        ways = [self._carry(reader, forth, "sent"), self._carry(back, writer, "answered")]
        try:
            await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self._writers -= {writer, forth}
            for one in (writer, forth):
                with contextlib.suppress(OSError):
                    one.close()

    async def _carry(self, reader, writer, counter):
        """One way of one connection: the bytes come out `delay` after the line has carried them."""
        loop = asyncio.get_running_loop()
        underway = asyncio.Queue(maxsize=max(2, int(self.connection_rate * self.delay / CHUNK) + 2))

        async def deliver():
            while True:
                due, data = await underway.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if data is None:
                    with contextlib.suppress(OSError):
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

        async def take():
            free = 0
            while data := await reader.read(CHUNK):
                setattr(self, counter, getattr(self, counter) + len(data))
                now = loop.time()
                free = max(free, now) + len(data) / self.connection_rate
                line = max(self._free.get(counter, 0), now) + len(data) / self.rate
                self._free[counter] = line
                if self.random.random() < self.stall:
                    free += 4 * self.delay
                await asyncio.sleep(max(0, max(free, line) - now))
                await underway.put((loop.time() + self.delay, data))
            await underway.put((loop.time() + self.delay, None))

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(take())
                group.create_task(deliver())
        except* (OSError, ConnectionError):
            writer.transport.abort()
            raise
