"""Load on a CSMS: many Charging Stations out of one process, and what they meet.

Each station has an identity, credentials and a connection of its own, and plays a scenario: it boots, meters, charges
or streams. It says something at set times, whether the CSMS keeps up or not, and its latency counts from those times:
a CSMS that halts for ten seconds is charged with every message that was due meanwhile. ::

    plan = Plan(url="ws://127.0.0.1:9000/ocpp", stations=1000, rate=100.0, duration_s=60.0)
    report = await Load(plan, crew(plan.stations)).run()

It needs the extra ``asyncio``, and ``load`` for charts.
"""

from ocpp21.load.crew import Member, Unusable, crew, read_crew
from ocpp21.load.faults import Fault
from ocpp21.load.histogram import Histogram
from ocpp21.load.plan import Plan
from ocpp21.load.report import Report
from ocpp21.load.run import Load
from ocpp21.load.scenarios import Scenario

__all__ = ["Fault", "Histogram", "Load", "Member", "Plan", "Report", "Scenario", "Unusable", "crew", "read_crew"]
