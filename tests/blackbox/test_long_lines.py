"""Large objects over a long line that loses packets: six times most of a minute, beside the other tests of flow control."""

import os
import time

import pytest
import wan
from test_flow_control import go_on_after_breaks, replicating_pair


@pytest.mark.skipif(not wan.is_possible(), reason="a line of packets needs root and /dev/net/tun")
@pytest.mark.parametrize("congestion", ["bbr", "cubic"])
@pytest.mark.parametrize(
    ("mebibytes", "parts"), [(100, ()), (100, (0.2, 0.5, 0.8)), (64, (0.2, 0.5, 0.8))],
    ids=["whole", "broken", "smaller-broken"],
)  # fmt: skip
def test_a_large_object_over_a_line_that_loses_packets(make_federation, mebibytes, parts, congestion):
    """100 ms there and back, 1 % of the packets lost, 20 Mbit/s: TCP as it is, with what it sends again counted too."""
    if not wan.is_possible(congestion):
        pytest.skip(f"this machine's TCP has no {congestion}")
    home, bucket, abroad, other = replicating_pair(make_federation())
    here = f"127.0.0.1:{abroad.port}"
    with wan.Line(abroad.port, congestion=congestion) as line:
        for region, old, new in [
            (abroad, f'listen: "{here}"', f'listen: "0.0.0.0:{abroad.port}"'), (home, here, f"{line.address}:{abroad.port}")
        ]:
            region.terminate()
            text = region.config_path.read_text()
            assert old in text
            region.config_path.write_text(text.replace(old, new))
            region.start()
        size = mebibytes << 20
        body = os.urandom(size)
        before, begin = line.fresh, time.monotonic()
        sent = go_on_after_breaks(home, bucket, abroad, other, line, body, parts)
        seconds = time.monotonic() - begin
        fresh = line.fresh - before
        told = {
            "seconds": round(seconds, 1), "sent": round(sent / size, 4), "fresh": round(fresh / size, 4),
            "lost": line.lost, "overflown": line.overflown, "packets": line.packets, "under_way": line.under_way,
        }
        print(told)
        assert line.lost > 100, told
        if not parts:
            # With what TCP sent again.
            assert sent <= 1.05 * size, told
        assert fresh <= 1.05 * size, told
        # What is sent twice is what was under way at a break, and of each connection a part of a block; and there are the
        # heads of requests and the checksums.
        assert fresh - size <= line.under_way + 0.005 * size + len(parts) * 16 * 16_384, told
        # The line itself needs 42 s.
        assert seconds < 120, told
