"""Settings and commands in the SQLite store: what people decided, what it made, what stations said of it.

A layer is changed by adding its next content; no line is ever changed or taken away. A station's document has
a version for each content that it ever had; contents are kept once, by their hash.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from contract.events import CommandResult, DesiredApplied
from contract.ids import StationId

SETTINGS: Final = """
CREATE TABLE layer_change (                           -- each the whole content of a layer from then on
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    layer TEXT NOT NULL,                              -- "all", "group:NAME", "station:ID"
    settings TEXT NOT NULL,                           -- JSON
    members TEXT,                                     -- JSON, of a group: hub.fleet.groups
    is_removed INTEGER NOT NULL DEFAULT 0,            -- a group that is no more
    by_name TEXT NOT NULL,
    why TEXT NOT NULL,
    utc_us INTEGER NOT NULL
);
CREATE INDEX layer_newest ON layer_change (layer, no);

CREATE TABLE desired_content (hash TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE desired_version (                        -- of the document of a station
    station TEXT NOT NULL,
    version INTEGER NOT NULL,
    hash TEXT NOT NULL,
    change_no INTEGER,                                -- NULL: of a station that came later
    by_name TEXT NOT NULL,
    utc_us INTEGER NOT NULL,
    PRIMARY KEY (station, version)
) WITHOUT ROWID;

CREATE TABLE desired_report (                         -- what a station said last of its document
    station TEXT PRIMARY KEY,
    spool_no INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    t_us INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    hash TEXT,
    refused INTEGER NOT NULL,                         -- how many keys
    json TEXT NOT NULL,                               -- contract.events.DesiredApplied
    utc_us INTEGER NOT NULL                           -- when the hub heard it
) WITHOUT ROWID;

CREATE TABLE command (
    name TEXT PRIMARY KEY,                            -- 16 hexadecimal digits
    station TEXT NOT NULL,
    word TEXT NOT NULL,
    by_name TEXT NOT NULL,
    made_utc_us INTEGER NOT NULL,
    expires_utc_us INTEGER NOT NULL,
    is_answered INTEGER NOT NULL DEFAULT 0            -- the station has it, or nobody says it any more
) WITHOUT ROWID;
CREATE INDEX command_of_station ON command (station, made_utc_us);
CREATE INDEX command_open ON command (made_utc_us) WHERE NOT is_answered;

CREATE TABLE command_step (                           -- what became of it, in the order in which it came here
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    state TEXT NOT NULL,                              -- contract.events.CommandResult, or "unanswered"
    text TEXT NOT NULL,
    object TEXT,                                      -- of the parts that were made
    utc_us INTEGER NOT NULL
);
CREATE INDEX step_of_command ON command_step (command, no);
"""
MANY: Final = 2_000  # stations; above it, one look at all versions is quicker than one at each
UNANSWERED: Final = "unanswered"  # the hub's own word: its end came and nobody had answered


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRow:
    """A layer as it was from change `no` on. `members` None: it is no group."""

    no: int
    layer: str
    settings: Mapping[str, Any]
    members: Mapping[str, Any] | None
    is_removed: bool
    by: str
    why: str
    utc_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDraft:
    """What somebody wants a layer to be."""

    layer: str
    settings: Mapping[str, Any]
    members: Mapping[str, Any] | None = None
    is_removed: bool = False
    by: str
    why: str
    utc_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version of a station's document."""

    station: StationId
    version: int
    hash: str
    by: str
    utc_us: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What a station said last of its document, and when the hub heard it."""

    event: DesiredApplied
    utc_us: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A report in short; `refused`: how many keys."""

    version: int
    epoch: int
    hash: str | None
    refused: int
    utc_us: int


@dataclass(frozen=True, slots=True)
class CommandStep:
    """What became of a command. `utc_us`: when the hub heard it."""

    state: str
    text: str
    object_name: str | None
    utc_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow:
    """A command, and all that has become of it, in order."""

    name: str
    station: StationId
    word: str
    by: str
    made_utc_us: int
    expires_utc_us: int
    steps: tuple[CommandStep, ...] = ()


class SettingsBook:
    """Belongs to its store's thread. What writes raises StoreFailedError: nothing was kept."""

    def __init__(self, db: Database, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        self._db, self._transaction = db, transaction

    # Layers

    def layers(self) -> list[LayerRow]:
        """Return every layer as it is now, groups that are no more left out."""
        rows = self._db.execute(
            f"{_LAYERS} WHERE no IN (SELECT max(no) FROM layer_change GROUP BY layer) AND NOT is_removed"
            " ORDER BY layer"
        )
        return [_layer(row) for row in rows]

    def changes(self, *, newest: int, layer: str | None = None) -> list[LayerRow]:
        """Return the newest changes of one layer, or of all, the last one first."""
        rows = self._db.execute(
            f"{_LAYERS} WHERE ? IS NULL OR layer = ? ORDER BY no DESC LIMIT ?", (layer, layer, newest)
        )
        return [_layer(row) for row in rows]

    def change_before(self, row: LayerRow) -> LayerRow | None:
        """Return how the layer was before a change."""
        found = self._db.execute(
            f"{_LAYERS} WHERE layer = ? AND no < ? ORDER BY no DESC LIMIT 1", (row.layer, row.no)
        ).fetchone()
        return None if found is None else _layer(found)

    def change_layer(
        self,
        draft: LayerDraft,
        *,
        after: int,
        documents: Callable[[Sequence[LayerRow]], Mapping[StationId, tuple[str, str]]],
    ) -> list[VersionRow] | None:
        """Compare and set: keep the content that follows change `after` of the layer (0: its first), and the
        versions of the documents that it makes, all in one transaction; return those versions. None: somebody
        else has changed it meanwhile. `documents` makes (hash, JSON) of each station from all layers.
        """
        with self._transaction():
            found = self._db.execute("SELECT max(no) FROM layer_change WHERE layer = ?", (draft.layer,))
            if int(found.fetchone()[0] or 0) != after:
                return None
            cursor = self._db.execute(
                "INSERT INTO layer_change (layer, settings, members, is_removed, by_name, why, utc_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    draft.layer,
                    _json(draft.settings),
                    None if draft.members is None else _json(draft.members),
                    draft.is_removed,
                    draft.by,
                    draft.why,
                    draft.utc_us,
                ),
            )
            wanted = documents(self.layers())
            return self._file_versions(wanted, change_no=cursor.lastrowid, by=draft.by, utc_us=draft.utc_us)

    def bring_up(
        self, wanted: Mapping[StationId, tuple[str, str]], *, by: str, utc_us: int
    ) -> list[VersionRow]:
        """Keep the versions of stations that came later, or whose layers were read anew; return those."""
        with self._transaction():
            return self._file_versions(wanted, change_no=None, by=by, utc_us=utc_us)

    def _file_versions(
        self, wanted: Mapping[StationId, tuple[str, str]], *, change_no: int | None, by: str, utc_us: int
    ) -> list[VersionRow]:
        newest = self._newest_of(wanted)
        made = []
        for station, (hash_, text) in wanted.items():
            before = newest.get(station)
            if (before is None and text == "{}") or (before is not None and before.hash == hash_):
                continue
            version = 1 if before is None else before.version + 1
            made.append(VersionRow(station=station, version=version, hash=hash_, by=by, utc_us=utc_us))
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO desired_content (hash, json) VALUES (?, ?)",
            {wanted[row.station] for row in made},
        )
        self._db.conn.executemany(
            "INSERT INTO desired_version (station, version, hash, change_no, by_name, utc_us)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(row.station, row.version, row.hash, change_no, row.by, row.utc_us) for row in made],
        )
        return made

    # Documents

    def newest_versions(self) -> dict[StationId, VersionRow]:
        """Return the newest version of each station's document."""
        rows = self._db.execute(
            "SELECT station, max(version), hash, by_name, utc_us FROM desired_version GROUP BY station"
        )
        return {StationId(row[0]): _version(row) for row in rows}

    def _newest_of(self, stations: Collection[StationId]) -> Mapping[StationId, VersionRow]:
        """Return the newest versions of these: one look at each, or one at all when they are many."""
        if len(stations) > MANY:
            return self.newest_versions()
        newest = {station: self.versions(station, newest=1) for station in stations}
        return {station: rows[0] for station, rows in newest.items() if rows}

    def versions(self, station: StationId, *, newest: int) -> list[VersionRow]:
        """Return the newest versions of a station's document, the last one first."""
        rows = self._db.execute(
            "SELECT station, version, hash, by_name, utc_us FROM desired_version WHERE station = ?"
            " ORDER BY version DESC LIMIT ?",
            (station, newest),
        )
        return [_version(row) for row in rows]

    def contents(self, hashes: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the settings of these hashes, as far as they are known."""
        found = {}
        for hash_ in set(hashes):
            row = self._db.execute("SELECT json FROM desired_content WHERE hash = ?", (hash_,)).fetchone()
            if row is not None:
                found[hash_] = json.loads(row[0])
        return found

    def standings(self) -> dict[StationId, Standing]:
        """Return in short what each station said last of its document."""
        rows = self._db.execute("SELECT station, version, epoch, hash, refused, utc_us FROM desired_report")
        return {StationId(station): Standing(*rest) for station, *rest in rows}

    def refusals(self, *, most: int) -> list[tuple[StationId, ReportRow]]:
        """Return the reports of stations that refuse something, the newest first."""
        rows = self._db.execute(
            "SELECT station, json, utc_us FROM desired_report WHERE refused > 0"
            " ORDER BY utc_us DESC, station LIMIT ?",
            (most,),
        )
        return [(StationId(station), _report(text, utc_us)) for station, text, utc_us in rows]

    def report(self, station: StationId) -> ReportRow | None:
        """Return what one station said last of its document."""
        row = self._db.execute(
            "SELECT json, utc_us FROM desired_report WHERE station = ?", (station,)
        ).fetchone()
        return None if row is None else _report(*row)

    # Commands

    def add_command(self, row: CommandRow) -> None:
        """Keep a command that is to be said."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO command (name, station, word, by_name, made_utc_us, expires_utc_us)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (row.name, row.station, row.word, row.by, row.made_utc_us, row.expires_utc_us),
            )

    def give_up_command(self, name: str, *, utc_us: int) -> None:
        """Its end has come, and nobody has answered: it is not said any more."""
        with self._transaction():
            _add_step(self._db, name, UNANSWERED, "", None, utc_us=utc_us)

    def open_commands(self) -> list[CommandRow]:
        """Return the commands that no station has answered and that are still said, oldest first."""
        rows = self._db.execute(f"{_COMMANDS} WHERE NOT is_answered ORDER BY made_utc_us, name").fetchall()
        return [self._command(row) for row in rows]

    def commands(self, station: StationId, *, newest: int) -> list[CommandRow]:
        """Return the newest commands to a station, the last one first."""
        rows = self._db.execute(
            f"{_COMMANDS} WHERE station = ? ORDER BY made_utc_us DESC, name LIMIT ?", (station, newest)
        ).fetchall()
        return [self._command(row) for row in rows]

    def _command(self, row: Sequence[Any]) -> CommandRow:
        name, station, word, by, made_utc_us, expires_utc_us = row
        steps = self._db.execute(
            "SELECT state, text, object, utc_us FROM command_step WHERE command = ? ORDER BY no", (name,)
        )
        return CommandRow(
            name=name,
            station=StationId(station),
            word=word,
            by=by,
            made_utc_us=made_utc_us,
            expires_utc_us=expires_utc_us,
            steps=tuple(CommandStep(*step) for step in steps),
        )


def file_desired_applied(
    db: Database, spool_no: int, event: DesiredApplied, *, boot: int, t_us: int, utc_us: int, is_fresh: bool
) -> None:
    """A station said what became of its document; what it said before that, and comes later, is no news.

    Cards have no clock in common. What one says as soon as it is so (`is_fresh`) is how the station is; what
    comes late from another card than the last report counts only for a document of this store that is newer,
    or for the same one from a card that was heard of later.
    """
    db.execute(
        "INSERT INTO desired_report"
        " (station, spool_no, boot, t_us, version, epoch, hash, refused, json, utc_us)"
        " SELECT station, no, ?, ?, ?, ?, ?, ?, ?, ? FROM spool WHERE no = ?"
        " ON CONFLICT (station) DO UPDATE SET spool_no = excluded.spool_no, boot = excluded.boot,"
        " t_us = excluded.t_us, version = excluded.version, epoch = excluded.epoch, hash = excluded.hash,"
        " refused = excluded.refused, json = excluded.json, utc_us = excluded.utc_us"
        " WHERE CASE WHEN excluded.spool_no = spool_no THEN (excluded.boot, excluded.t_us) > (boot, t_us)"
        " ELSE ? OR (excluded.epoch = (SELECT value FROM epoch), excluded.version, excluded.spool_no)"
        " > (epoch = (SELECT value FROM epoch), version, spool_no) END",
        (
            boot,
            t_us,
            event.version,
            event.epoch,
            event.hash,
            len(event.refused),
            event.model_dump_json(),
            utc_us,
            spool_no,
            is_fresh,
        ),
    )


def file_command_result(db: Database, spool_no: int, event: CommandResult, *, utc_us: int) -> None:
    """A station said what became of a command; of one that was not meant it is not believed."""
    (is_its_own,) = db.execute(
        "SELECT count(*) FROM command WHERE name = ? AND station = (SELECT station FROM spool WHERE no = ?)",
        (event.command, spool_no),
    ).fetchone()
    if is_its_own:
        _add_step(db, event.command, event.state, event.text, event.object, utc_us=utc_us)


def _add_step(
    db: Database, name: str, state: str, text: str, object_name: str | None, *, utc_us: int
) -> None:
    db.execute(
        "INSERT INTO command_step (command, state, text, object, utc_us) VALUES (?, ?, ?, ?, ?)",
        (name, state, text, object_name, utc_us),
    )
    db.execute("UPDATE command SET is_answered = 1 WHERE name = ?", (name,))


_LAYERS: Final = "SELECT no, layer, settings, members, is_removed, by_name, why, utc_us FROM layer_change"
_COMMANDS: Final = "SELECT name, station, word, by_name, made_utc_us, expires_utc_us FROM command"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _layer(row: Sequence[Any]) -> LayerRow:
    no, layer, settings, members, is_removed, by, why, utc_us = row
    return LayerRow(
        no=no,
        layer=layer,
        settings=json.loads(settings),
        members=None if members is None else json.loads(members),
        is_removed=bool(is_removed),
        by=by,
        why=why,
        utc_us=utc_us,
    )


def _version(row: Sequence[Any]) -> VersionRow:
    station, version, hash_, by, utc_us = row
    return VersionRow(station=StationId(station), version=version, hash=hash_, by=by, utc_us=utc_us)


def _report(text: str, utc_us: int) -> ReportRow:
    return ReportRow(DesiredApplied.model_validate_json(text), utc_us)
