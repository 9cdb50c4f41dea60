"""What came of a run, for people and for programs: lines, JSON, JUnit XML, and one HTML page."""

from ocpp21.conformance.reports.as_html import html_report
from ocpp21.conformance.reports.as_json import json_report
from ocpp21.conformance.reports.as_junit import junit_report
from ocpp21.conformance.reports.as_lines import result_line, summary

__all__ = ["html_report", "json_report", "junit_report", "result_line", "summary"]
