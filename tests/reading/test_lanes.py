"""The lanes: which streams are read at the same time, and which after another."""

from source_opsgenie.reading.lanes import Lanes, lane_of
from source_opsgenie.streams import STREAMS


def rounds(lanes: Lanes) -> list[list[str]]:
    """The streams that begin together, if all that have begun end before the next ones begin."""
    found = []
    while names := lanes.begin():
        found.append(names)
        for name in names:
            lanes.finish(name)
    return found


def test_domains_are_side_by_side() -> None:
    """The streams of a domain begin one after another, in order; those of different domains at the same time."""
    names = ["teams", "alert_logs", "incidents", "alert_notes", "users", "incident_logs", "alerts"]

    lanes = Lanes(names)

    assert 4 == lanes.number
    assert ["teams", "alert_logs", "incidents", "alerts"] == lanes.begin()
    assert [] == lanes.begin()
    lanes.repeat("alert_logs")
    assert ["alert_logs"] == lanes.begin()
    lanes.finish("alert_logs")
    assert ["alert_notes"] == lanes.begin()
    assert ["users", "incident_logs"] == lanes.pending


def test_a_child_waits_for_its_root() -> None:
    """A child of another domain begins after its root list, if that is one of the streams."""
    lanes = Lanes(["alerts", "saved_searches", "alert_logs"], roots_first=True)

    assert ["alerts", "saved_searches"] == lanes.begin()
    lanes.finish("saved_searches")
    assert [] == lanes.begin()
    lanes.repeat("alerts")
    assert ["alerts"] == lanes.begin()
    lanes.finish("alerts")
    assert ["alert_logs"] == lanes.pending == lanes.begin()
    assert rounds(Lanes(["alert_logs"], roots_first=True)) == [["alert_logs"]]


def test_every_stream_has_its_turn() -> None:
    """All streams of the table begin, whether roots come first or not, and no two of a domain at the same time."""
    for roots_first in (False, True):
        found = rounds(Lanes(STREAMS, roots_first=roots_first))
        domains = [[lane_of(STREAMS[name]) for name in names] for names in found]

        assert sorted(STREAMS) == sorted(name for names in found for name in names)
        assert all(len(set(lanes)) == len(lanes) for lanes in domains)
