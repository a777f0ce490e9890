"""Events made short: deflate against words that both ends know (core). Source: docs/wire.md, section 3.

A status is 346 bytes of JSON, most of them the names of its fields; short it has less than half. A body that
begins with `{` is JSON as it is, so that both kinds can be told apart for ever.
"""

import zlib
from typing import Final

from contract.errors import Refusal, RefusedError
from contract.limits import EVENT_MAX_BYTES

_SHORT: Final = b"\x01"
_WINDOW: Final = -12  # raw deflate over 4 KiB: no header, no checksum (the seal has one)

# Never changed: another dictionary is another first byte. What is most often said stands at its end.
DICTIONARY: Final = (
    b'{"event":"configuration","software":"0.1.0","version":1,"settings":[{"name":"","value":"","origin":"'
    b'hub"}],"place":[]}'
    b'{"event":"tombstone","record_class":2,"first_seq":5,"last_seq":9,"why":"disk full"}'
    b'{"event":"spool damage","what":"records damaged","text":"","spool":"","recovered":1,"lost":0}'
    b'{"event":"command result","command":"","state":"taken","object":"'
    b'{"event":"desired applied","version":1,"epoch":1,"hash":"","taken":["volume_pct"],"refused":[{"name"'
    b':"","why":""}],"replaces":1}'
    b'{"event":"which device","device":"nonin-new-2","candidates":["nonin-1","nonin-2"],"port":"usb 1-1.2"'
    b"}"
    b'{"event":"device confirmed","device":"","is_device":"","by":"box"}'
    b'{"event":"lead reversal","device":"board-1","suspected":"RA-LA"}'
    b'{"event":"visit closed","visit":1,"why":"sensors off 30 min"}'
    b'{"event":"visit opened","visit":1,"how":"next person"}'
    b'{"event":"lost","set_no":1,"stream":0,"first_index":0,"count":1,"reason":"absent"}'
    b'{"event":"media","camera":"off","microphone":"ok","loudspeaker":"ok","text":""}'
    b'{"event":"streams","set_no":1,"device":"board-1","streams":[{"stream":1,"mdc":131330,"label":"II","s'
    b'hape":"ecg","rate_mhz":250000,"scale":2.5,"unit":"uV","source":"pleth"}],"model":"","unverified":"",'
    b'"detects_pacing":false}'
    b'{"event":"measured","device":"pc300-1","values":[{"mdc":150021,"value":120.0,"unit":"mm[Hg]"},{"mdc"'
    b':150364,"value":-0.5,"unit":"Cel"}],"device_time":"2026-01-01 00:00","text":""}'
    b'{"event":"conditions","device":"nonin-1","on":["probe off"]}'
    b'{"event":"device","device":"board-1","state":"gone","text":""}'
    b'{"event":"leads","device":"board-1","off":[]}'
    b'{"event":"anchor","boot":1,"t_us":0,"utc_us":1800000000000000,"err_us":300000,"source":"hub"}'
    b'{"event":"status","owed":{"0":{"records":0,"oldest_age_s":0.1},"1":{"records":1,"oldest_age_s":1.5},'
    b'"2":{"records":3,"oldest_age_s":1.5},"3":{"records":1,"oldest_age_s":1.5}},"spool_bytes":1,"disk_fre'
    b'e_bytes":2,"round_trip_ms":60,"connected_for_s":100.5,"frames_damaged":0,"samples_lost":0,"refused":'
    b'0,"loss_permille":0,"up_bps":64000,"reconnects":0,"cpu_c":50.1,"power":"ok","clock_off_ms":-0,"clock'
    b'_sure":true,"disk_mb":30000,"memory_mb":1000,"written_mb":100}'
)


def shorten(json: bytes) -> bytes:
    """Return the body of a record for an event's JSON: the shorter of it and what it is made short to."""
    deflating = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, zdict=DICTIONARY)
    short = _SHORT + deflating.compress(json) + deflating.flush()
    return min(short, json, key=len)


def lengthen(body: bytes) -> bytes:
    """Return the JSON of a body, of at most EVENT_MAX_BYTES + 1 bytes. Raises RefusedError."""
    if body[:1] != _SHORT:
        return body
    inflating = zlib.decompressobj(_WINDOW, zdict=DICTIONARY)
    try:
        json = inflating.decompress(body[1:], EVENT_MAX_BYTES + 1)
    except zlib.error as error:
        raise RefusedError(Refusal.MALFORMED, f"a short event that cannot be read: {error}") from None
    if len(json) <= EVENT_MAX_BYTES and (not inflating.eof or inflating.unused_data):
        raise RefusedError(Refusal.MALFORMED, "a short event that is cut off, or goes on after its end")
    return json
