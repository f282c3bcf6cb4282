"""A long, slow and lossy line on which packets really get lost: a TUN device whose other end is this process.

What is sent to `address` comes back, as from there, at the device's own address: source and destination of each packet
change places, which leaves its checksums right. So both ends of a connection are processes of this machine, with all that
their kernel's TCP does, and the line in between. It needs root and `/dev/net/tun`, and no module of the kernel beyond.
"""

import fcntl
import heapq
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
SYN, RST = 0x02, 0x04


def is_possible(congestion=None):
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        return False
    with open("/proc/sys/net/ipv4/tcp_available_congestion_control") as file:
        return congestion is None or congestion in file.read().split()


class Line:
    """Delay, rate and loss are those of each way; a queue, as long as netem's of 1,000 packets, holds what the rate does
    not carry yet, and drops the rest. `congestion` is how TCP controls congestion, `None` for the machine's own way.

    `sent` counts the bytes of TCP that enter on the way to `port`, those that TCP sends again among them; `fresh` those
    that it had not sent before. `under_way` is what the machine had not acknowledged yet when connections were broken.
    """

    def __init__(
        self, port, *, delay=0.05, bytes_per_second=2_500_000, loss=0.01, queue_bytes=1_500_000, seed=1, congestion=None
    ):
        self.congestion = congestion
        self.port, self.delay, self.rate, self.loss, self.queue_bytes = port, delay, bytes_per_second, loss, queue_bytes
        self.random = random.Random(seed)
        self.sent = self.fresh = self.packets = self.lost = self.overflown = self.breaks = self.under_way = 0
        self._free = {True: 0.0, False: 0.0}
        self._due = []
        self._order = itertools.count()
        self._flows = {}
        self._broken = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        # By client port: behind the last byte that was sent.
        self._ends = {}
        self._acknowledged = {}
        number = os.getpid() % 64
        self.name = f"ternwan{os.getpid() % 100000}"
        self.own, self.address = f"198.18.{number}.1", f"198.18.{number}.2"

    def __enter__(self):
        self._file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self._file, TUNSETIFF, struct.pack("16sH", self.name.encode(), IFF_TUN | IFF_NO_PI))
        subprocess.run(["ip", "addr", "add", f"{self.own}/30", "dev", self.name], check=True)
        subprocess.run(["ip", "link", "set", self.name, "up", "txqueuelen", "10000"], check=True)
        if self.congestion:
            route = ["ip", "route", "add", f"{self.address}/32", "dev", self.name, "src", self.own]
            subprocess.run([*route, "congctl", self.congestion], check=True)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(10)
        os.close(self._file)

    def break_connections(self):
        """Resets all connections that are open, as a firewall does that has forgotten them."""
        with self._lock:
            self.breaks += 1
            for port, end in self._ends.items():
                self.under_way += min((end - self._acknowledged.get(port, end)) & 0xFFFFFFFF, 1 << 24)
            self._ends.clear()
            self._acknowledged.clear()
            for flow, (source, destination, acknowledged) in self._flows.items():
                if flow[0] not in self._broken:
                    # To the end that the last packet of the flow came from: what it waits for next.
                    self._reset(destination, source, flow[1], flow[2], acknowledged)
            self._broken |= {flow[0] for flow in self._flows}
            self._flows.clear()

    def _run(self):
        while not self._stop.is_set():
            wait = 0.05
            with self._lock:
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    self._write(heapq.heappop(self._due)[2])
                if self._due:
                    wait = min(wait, self._due[0][0] - now)
            if select.select([self._file], [], [], max(wait, 0))[0]:
                self._read()

    def _write(self, packet):
        try:
            os.write(self._file, packet)
        except (BlockingIOError, OSError):
            self.lost += 1

    def _read(self):
        while True:
            try:
                packet = os.read(self._file, 65536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
                continue
            with self._lock:
                self._take(packet)

    def _take(self, packet):
        header = (packet[0] & 15) * 4
        source_port, target_port, sequence, acknowledged = struct.unpack_from("!HHII", packet, header)
        payload = len(packet) - header - (packet[header + 12] >> 4) * 4
        is_forth = target_port == self.port
        client_port = source_port if is_forth else target_port
        source, destination = packet[12:16], packet[16:20]
        if client_port in self._broken:
            if packet[header + 13] & SYN and is_forth:
                # The port is used again, by a new connection.
                self._broken.discard(client_port)
            elif packet[header + 13] & RST:
                return
            else:
                self._reset(destination, source, target_port, source_port, acknowledged)
                return
        # The other way round: what resets the sender comes from where it sends to.
        self._flows[(client_port, target_port, source_port)] = (source, destination, acknowledged)
        self.packets += 1
        if is_forth and packet[header + 13] & SYN:
            self._ends[client_port] = (sequence + 1) & 0xFFFFFFFF
        if not is_forth:
            self._acknowledged[client_port] = acknowledged
        if is_forth and payload > 0:
            self.sent += payload
            end = (sequence + payload) & 0xFFFFFFFF
            beyond = (end - self._ends.get(client_port, sequence)) & 0xFFFFFFFF
            if 0 < beyond < 1 << 31:
                self.fresh += min(payload, beyond)
                self._ends[client_port] = end
        if self.random.random() < self.loss:
            self.lost += 1
            return
        now = time.monotonic()
        begin = max(self._free[is_forth], now)
        if (begin - now) * self.rate > self.queue_bytes:
            self.overflown += 1
            return
        self._free[is_forth] = begin + len(packet) / self.rate
        turned = packet[:12] + destination + source + packet[20:]
        heapq.heappush(self._due, (self._free[is_forth] + self.delay, next(self._order), turned))

    def _reset(self, source, destination, source_port, target_port, sequence):
        """Writes a reset to the machine; the addresses as a packet has them that arrives."""
        tcp = struct.pack("!HHIIBBHHH", source_port, target_port, sequence, 0, 5 << 4, RST, 0, 0, 0)
        pseudo = source + destination + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
        tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0, source, destination)
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        self._write(head + tcp)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
