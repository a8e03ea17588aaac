"""The metrics of a real server, as Prometheus' own library reads them: in its text format, and handed on as OpenMetrics.

  prometheus.py URL
"""

import sys
import urllib.request

from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families

DEADLINE_SECONDS = 20


class Families:
    """Metrics that were read, to be collected again."""

    def __init__(self, families):
        self._families = families

    def collect(self):
        return self._families

    # A registry asks for this to find names that clash.
    describe = collect


def read(url):
    """the metrics can be read"""
    with urllib.request.urlopen(f"{url}/metrics", timeout=DEADLINE_SECONDS) as answer:
        page = answer.read().decode()
    families = list(text_string_to_metric_families(page))
    assert families, "there are none"
    for family in families:
        assert family.type != "unknown" and family.documentation, f"{family.name} does not say what it is"
    return families


def hand_on(families):
    """no two metrics are of one name, and OpenMetrics takes them all"""
    registry = CollectorRegistry()
    registry.register(Families(families))
    page = exposition.generate_latest(registry).decode()
    again = parser.text_string_to_metric_families(page)
    assert sorted(family.name for family in again) == sorted(family.name for family in families)


def main(url):
    families = []
    for check, argument in [(read, url), (hand_on, families)]:
        try:
            families += check(argument) or []
        except Exception as error:
            print(f"not ok {check.__doc__}: {error or type(error).__name__}", flush=True)
            return 1
        print(f"ok {check.__doc__}", flush=True)
    return 0


sys.exit(main(*sys.argv[1:]))
