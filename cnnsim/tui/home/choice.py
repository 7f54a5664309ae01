"""Which entry of the home screen's lists the keys act on."""

from __future__ import annotations

from collections.abc import Sequence

from cnnsim.tui.home.listing import ListRow

Lists = Sequence[Sequence[ListRow]]
#: A list, and a row of it.
Place = tuple[int, int]


class Choice:
    """An entry of one of the lists, by what opens it: rows come, go and change their places."""

    def __init__(self) -> None:
        self._list = 0
        self._source = ""

    def place(self, lists: Lists) -> Place | None:
        """Where it stands now; where it is not listed, the first row. None where there is none."""
        ways = sorted(range(len(lists)), key=lambda number: number != self._list)
        for number in ways:
            for row, entry in enumerate(lists[number]):
                if entry.source == self._source:
                    return number, row
        return next(((number, 0) for number in ways if lists[number]), None)

    def take(self, place: Place | None, lists: Lists) -> None:
        """Choose what stands at `place`; None changes nothing."""
        if place is not None:
            self._list = place[0]
            self._source = lists[place[0]][place[1]].source

    def find(self, source: str) -> None:
        """Choose what `source` opens, in whichever list it is."""
        self._source = source

    def move(self, by: int, lists: Lists) -> None:
        """So many rows on, through all lists; it stays at their ends."""
        every = [(number, row) for number, rows in enumerate(lists) for row in range(len(rows))]
        here = self.place(lists)
        if here is not None:
            self.take(every[min(max(every.index(here) + by, 0), len(every) - 1)], lists)

    def turn(self, by: int, lists: Lists) -> None:
        """The first row of the next or previous list that has any."""
        filled = [number for number, rows in enumerate(lists) if rows]
        here = self.place(lists)
        if here is not None:
            self.take((filled[(filled.index(here[0]) + by) % len(filled)], 0), lists)
