"""Memory of a busy station at our CSMS, in a process of its own, beside that of a bare socket.

The ledger is in a file: one in memory grows with all that it holds, whoever is connected.
"""

import sys

import pytest

from bench.weighing import weigh

#: What a station with its role may take above a bare socket, in bytes.
ROOM = 64 * 1024

#: Most rounds: memory has no moods.
ROUNDS = 2


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process holds is read from /proc")
def test_a_busy_station_above_a_bare_socket(compare, pytestconfig):
    above = []
    for _ in range(min(pytestconfig.getoption("--rounds"), ROUNDS)):
        found = weigh("echo", "sqlite")
        print(f"bytes of a busy station: CSMS role {found['sqlite']:,.0f}, bare echo {found['echo']:,.0f}")
        above.append(found["sqlite"] - found["echo"])
    compare.judge("busy station at our CSMS above a bare socket / 64 KiB", above, [ROOM] * len(above), limit=1.0)
