"""TCP connections between regions that a test can refuse, cut, and leave hanging half-open."""

import asyncio
import contextlib
import threading

CHUNK = 65536


class Link:
    """A port that leads to another one, as long as the test wants it to."""

    def __init__(self, loop, port, target):
        self.port = port
        self._loop = loop
        self._target = target
        self._server = None
        self._pipes = set()
        self._is_silent = False

    # From the test's thread.

    def open(self):
        """New connections pass. Those that were silent stay so for ever: nobody tells either end."""
        self._call(self._open())

    def refuse(self):
        """Nobody listens, and what was under way is cut."""
        self._call(self._refuse())

    def cut(self):
        """What is under way is cut; new connections pass."""
        self._call(self._cut())

    def silence(self):
        """Connections are accepted and stay open, and nothing comes through: packets are dropped."""
        self._call(self._silence())

    def _call(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    # On the loop.

    async def _open(self):
        if self._is_silent:
            self._is_silent = False
            for pipe in self._pipes:
                pipe.is_dead = True
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _refuse(self):
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self):
        for pipe in list(self._pipes):
            pipe.abort()

    async def _silence(self):
        self._is_silent = True

    async def _accept(self, reader, writer):
        pipe = _Pipe(self, reader, writer)
        self._pipes.add(pipe)
        try:
            await pipe.run(self._target)
        finally:
            self._pipes.discard(pipe)

    @property
    def is_silent(self):
        return self._is_silent


class _Pipe:
    def __init__(self, link, reader, writer):
        self._link = link
        self._ends = [(reader, writer)]
        self.is_dead = False

    def abort(self):
        for _, writer in self._ends:
            writer.transport.abort()

    async def run(self, target):
        try:
            await self._while_silent()
            self._ends.append(await asyncio.open_connection("127.0.0.1", target))
            (reader, writer), (far_reader, far_writer) = self._ends
            pumps = [asyncio.ensure_future(self._pump(reader, far_writer)),
                     asyncio.ensure_future(self._pump(far_reader, writer))]  # fmt: skip
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            self.abort()

    async def _pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._while_silent()
                writer.write(data)
                await writer.drain()

    async def _while_silent(self):
        while self.is_dead or self._link.is_silent:
            await asyncio.sleep(0.05)


class Links:
    """All links of a test, on a loop of their own."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.links = []

    def make(self, port, target):
        link = Link(self._loop, port, target)
        link.open()
        self.links.append(link)
        return link

    def stop(self):
        for link in self.links:
            link.refuse()
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @staticmethod
    async def _end():
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
