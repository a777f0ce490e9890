"""`./run bench codec DIR`: how small samples become without loss, and what that costs.

Every signal of the WFDB records in DIR (formats 212, 16 and 516), cut into chunks of 10 s and of 1 s that
need nothing else to be read, each signal alone. Bits count all bytes of the coded column. Every chunk is
decoded and compared twice: by the coder itself, which is in its time, and by the bench. Times are processor
time.
"""

import argparse
import json
import lzma
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from contract.chunks import Column, decode_chunk, encode_chunk
from contract.codecs import decode_column, encode_column, rice
from tests.bench.report import progress
from tests.bench.wfdb import Signal, records

Samples = NDArray[np.int32]
LENGTHS_S: Final = {"10s": 10, "1s": 1}
LEADS: Final = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
MEANINGS: Final = {
    "bits_per_sample_10s": "coded column, chunks of 10 s, each signal alone",
    "bits_per_sample_1s": "the same, chunks of 1 s",
    "bits_per_sample_10s_together": "the signals of a record in one chunk of 10 s, neighbours helping",
    "encode_us_per_s": "processor time for a second of one signal, chunks of 10 s: each codec that is tried, "
    "decoding and comparing; the median of the chunks",
    "encode_us_per_s_1s": "the same, chunks of 1 s",
    "decode_us_per_s": "reading a second of one signal, chunks of 10 s",
    "roundtrip_ok": "every sample of every chunk came back",
    "rice_10s, rice_1s": "bits a sample by Rice codes with fixed predictors",
    "flac_10s, flac_1s": "by libavcodec's FLAC at its highest level, frames alone",
    "zlib_…, lzma_…": "differences, bytes in planes, then zlib -9 or LZMA2 without a container",
    "pleth": "signals named PLETH, brought to 75 Hz and 8 bits over their range",
    "twelve_leads": "500 Hz, 5 µV: bits per sample of one lead, all twelve counted; `measured`: each lead "
    "rounded for itself; `derived`: III, aVR, aVL and aVF computed from I and II by the device",
}
SHOWN: Final = ("bits_per_sample_10s", "bits_per_sample_1s", "rice_10s", "encode_us_per_s", "roundtrip_ok")


@dataclass
class Costs:
    """Of one signal, at one length of chunk."""

    bits: int = 0
    samples: int = 0
    encode_us_per_s: list[float] = field(default_factory=list)
    decode_us_per_s: list[float] = field(default_factory=list)
    is_ok: bool = True
    peer_bits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PEERS, 0))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench codec",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="WFDB records: .hea and .dat files")
    parser.add_argument("--seconds", type=int, help="only so much of each record")
    parser.add_argument("--pleth", type=Path, metavar="DIR", help="also pulse waves of the records there")
    parser.add_argument("--twelve-leads", type=Path, metavar="DIR", help="also twelve-lead records there")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    result: dict[str, object] = measure(records(options.folder), options.seconds)
    if options.pleth:
        result["pleth"] = mean_of(
            [of_signal(pulse_wave(one), options.seconds) for one in signals_of(options.pleth, "pleth")]
        )
    if options.twelve_leads:
        result["twelve_leads"] = twelve_leads(records(options.twelve_leads))
    tell(result, options.json)


def measure(found: Mapping[str, Sequence[Signal]], seconds: int | None) -> dict[str, object]:
    """Code every signal of every record."""
    if not found:
        sys.exit("no record of format 212, 16 or 516 is there")
    by_record: dict[str, object] = {}
    every = []
    for name, signals in found.items():
        of_record = []
        for signal in signals:
            progress(f"{name} {signal.name:8}")
            of_record.append(of_signal(signal, seconds))
        together = bits_together([cut(signal, seconds) for signal in signals])
        of_record = [{**one, "bits_per_sample_10s_together": together} for one in of_record]
        names = [signal.name or str(number) for number, signal in enumerate(signals)]
        by_record[name] = {**mean_of(of_record), "signals": dict(zip(names, of_record, strict=True))}
        every += of_record
    progress("\n")
    return {"mean": mean_of(every), "records": by_record}


def cut(signal: Signal, seconds: int | None) -> Signal:
    """Return no more than so many seconds."""
    length = len(signal.samples) if seconds is None else round(seconds * signal.rate_hz)
    return Signal(signal.name, signal.rate_hz, signal.steps_per_unit, signal.unit, signal.samples[:length])


def of_signal(whole: Signal, seconds: int | None) -> dict[str, float | bool]:
    """Code one signal in chunks of both lengths."""
    signal = cut(whole, seconds)
    result: dict[str, float | bool] = {}
    is_ok = True
    for name, length_s in LENGTHS_S.items():
        costs = code(signal, length_s)
        is_ok = is_ok and costs.is_ok
        result[f"bits_per_sample_{name}"] = costs.bits / costs.samples
        suffix = "" if name == "10s" else f"_{name}"
        result[f"encode_us_per_s{suffix}"] = statistics.median(costs.encode_us_per_s)
        result[f"decode_us_per_s{suffix}"] = statistics.median(costs.decode_us_per_s)
        result |= {f"{peer}_{name}": bits / costs.samples for peer, bits in costs.peer_bits.items()}
    return {**result, "roundtrip_ok": is_ok}


def code(signal: Signal, length_s: int) -> Costs:
    """Code one signal in chunks of this length."""
    costs = Costs()
    for chunk in chunks_of(signal.samples, round(length_s * signal.rate_hz)):
        before_s = time.process_time()
        codec, data = encode_column(chunk)
        between_s = time.process_time()
        again = decode_column(codec, data, count=len(chunk))
        after_s = time.process_time()
        costs.encode_us_per_s.append((between_s - before_s) * 1e6 / length_s)
        costs.decode_us_per_s.append((after_s - between_s) * 1e6 / length_s)
        costs.is_ok = costs.is_ok and np.array_equal(again, chunk)
        costs.bits += len(data) * 8
        costs.samples += len(chunk)
        for name, peer in PEERS.items():
            costs.peer_bits[name] += len(peer(chunk)) * 8
    return costs


def chunks_of(samples: Samples, count: int) -> Iterator[Samples]:
    """Yield whole chunks of so many samples."""
    for at in range(0, len(samples) - count + 1, count):
        yield samples[at : at + count]


def bits_together(signals: Sequence[Signal], length_s: int = 10) -> float:
    """Return bits a sample of a record's signals in one chunk, all fields of the chunk counted."""
    rows = [list(chunks_of(one.samples, round(length_s * one.rate_hz))) for one in signals]
    bits = samples = 0
    for chunks in zip(*rows, strict=False):
        columns = [Column(number, 0, 0, 0, chunk) for number, chunk in enumerate(chunks)]
        _, body = encode_chunk(columns)
        again = decode_chunk(body, t_us=0)
        if not all(np.array_equal(one.samples, chunk) for one, chunk in zip(again, chunks, strict=True)):
            return float("nan")
        bits += len(body) * 8
        samples += sum(map(len, chunks))
    return bits / samples


def mean_of(results: Sequence[Mapping[str, float | bool]]) -> dict[str, float | bool]:
    """Return the mean of each number; true where all are."""
    if not results:
        sys.exit("no such signal is there")
    mean: dict[str, float | bool] = {}
    for key in results[0]:
        values = [result[key] for result in results]
        mean[key] = all(values) if key == "roundtrip_ok" else round(statistics.fmean(values), 4)
    return mean


# Peers


def differences_in_planes(samples: Samples) -> bytes:
    """Return what a general coder does best with: differences, all low bytes, then all high ones."""
    steps = np.diff(samples, prepend=0).astype("<i2")
    return steps.view(np.uint8).reshape(-1, 2).T.tobytes()


def by_lzma(samples: Samples) -> bytes:
    """LZMA2 without a container."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 16}]
    return lzma.compress(differences_in_planes(samples), lzma.FORMAT_RAW, filters=filters)


def by_flac(samples: Samples) -> bytes:
    """The frames alone, of 16 bits."""
    coder = av.CodecContext.create("flac", "w")
    assert isinstance(coder, av.AudioCodecContext)
    coder.sample_rate, coder.format, coder.layout = 8_000, "s16", "mono"
    coder.options = {"compression_level": "12"}
    frame = av.AudioFrame.from_ndarray(samples.astype(np.int16)[None, :], format="s16", layout="mono")
    frame.sample_rate = 8_000
    return b"".join(bytes(packet) for packet in [*coder.encode(frame), *coder.encode(None)])


PEERS: Final[dict[str, Callable[[Samples], bytes]]] = {
    "rice": rice.encode,
    "flac": by_flac,
    "zlib": lambda samples: zlib.compress(differences_in_planes(samples), 9),
    "lzma": by_lzma,
}


# Pulse waves and twelve leads


def signals_of(folder: Path, name: str) -> list[Signal]:
    """Return the signals of a folder whose name has this word."""
    return [one for signals in records(folder).values() for one in signals if name in one.name.lower()]


def pulse_wave(signal: Signal) -> Signal:
    """Return the signal as an oximeter sends it: 75 Hz, 0 … 255 over its range; what is no value left out."""
    valid = signal.samples[signal.samples > -32_768].astype(np.float64)
    at = np.arange(0, len(valid) - 1, signal.rate_hz / 75)
    resampled = np.interp(at, np.arange(len(valid)), valid)
    steps = np.round((resampled - valid.min()) / np.ptp(valid) * 255).astype(np.int32)
    return Signal(signal.name, 75, 1, "", steps)


def twelve_leads(found: Mapping[str, Sequence[Signal]]) -> dict[str, float]:
    """Code all twelve leads of every record that has them, at 500 Hz and 5 µV a step."""
    measured, derived, encode_us = [], [], []
    for signals in found.values():
        by_name = {one.name.lower(): one for one in signals}
        if not set(LEADS) <= set(by_name):
            continue
        volts = [coarse(by_name[lead]) for lead in LEADS]
        leads = [Signal("", 500, 200, "mV", np.round(one).astype(np.int32)) for one in volts]
        before_s = time.process_time()
        measured.append({name: bits_together(leads, length) for name, length in LENGTHS_S.items()})
        seconds = len(leads[0].samples) // 500 * len(LENGTHS_S)
        encode_us.append((time.process_time() - before_s) * 1e6 / seconds)
        one, two = (np.round(lead).astype(np.int32) for lead in volts[:2])
        limbs = [one, two, two - one, -(one + two) // 2, (2 * one - two) // 2, (2 * two - one) // 2]
        computed = [Signal("", 500, 200, "mV", lead) for lead in limbs] + leads[6:]
        derived.append({name: bits_together(computed, length) for name, length in LENGTHS_S.items()})
    if not measured:
        sys.exit("no record with twelve leads is there")
    result = {f"measured_{name}": statistics.fmean(one[name] for one in measured) for name in LENGTHS_S}
    result |= {f"derived_{name}": statistics.fmean(one[name] for one in derived) for name in LENGTHS_S}
    result["cpu_us_per_s_of_all_leads"] = statistics.median(encode_us)
    return {key: round(value, 4) for key, value in result.items()}


def coarse(signal: Signal) -> NDArray[np.float64]:
    """Return the signal at 500 Hz in steps of 5 µV, not yet rounded."""
    step = round(signal.rate_hz / 500)
    whole = signal.samples[: len(signal.samples) // step * step].astype(np.float64)
    return np.asarray(whole.reshape(-1, step).mean(axis=1) / signal.steps_per_unit * 200, np.float64)


def tell(result: Mapping[str, object], json_path: str | None) -> None:
    """Print for people, and as JSON where asked for."""
    if json_path == "-":
        print(json.dumps(result))
        return
    if json_path is not None:
        Path(json_path).write_text(json.dumps(result) + "\n", encoding="utf-8")
    for name in ("mean", "pleth", "twelve_leads"):
        numbers = result.get(name)
        if isinstance(numbers, dict):
            print(name)
            for key, value in numbers.items():
                print(f"    {key:30} {value!s:>12}  {MEANINGS.get(key, '')}")
    by_record = result["records"]
    assert isinstance(by_record, dict)
    print(f"{'record':12}" + "".join(f"{key:>22}" for key in SHOWN))
    for name, numbers in by_record.items():
        print(f"{name:12}" + "".join(f"{numbers[key]!s:>22}" for key in SHOWN))


if __name__ == "__main__":
    main()
