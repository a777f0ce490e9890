"""What others do: the same samples once a second, as JSON on three topics or as CBOR on one.

`python -m tests.wire.publisher json|cbor SIGNAL --host … --station … --ca …`: MQTT 5, QoS 1, TLS with the
box's own certificate, keep-alive 60 s. JSON is compact, in whole steps, and each message says what it is;
ECG, pleth and numbers come from devices of their own, each at its own moment of the second. CBOR is as small
as it goes: short keys, samples in typed arrays of 16 and 8 bits (RFC 8746).
"""

import argparse
import json
import ssl
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from contract.topics import PREFIX
from tests.simulators.board import recordings
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2, Recording
from tests.wire import cbor
from tests.wire.signal import ECG_HZ, PLETH_HZ

KEEP_ALIVE_S: Final = 60
START_S: Final = 30.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("form", choices=("json", "cbor"))
    parser.add_argument("signal")
    for name in ("host", "station", "ca", "certificate", "key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id=options.station, protocol=MQTTProtocolVersion.MQTTv5
    )
    context = ssl.create_default_context(cafile=options.ca)
    context.load_cert_chain(options.certificate, options.key)
    client.tls_set_context(context)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.connect(options.host, options.port, keepalive=KEEP_ALIVE_S)
    client.loop_start()
    if not connected.wait(START_S):
        raise SystemExit("the broker did not take the publisher")
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    publish(client, options.form, recordings.load(options.signal), f"{PREFIX}/{options.station}/up")


def publish(client: paho.Client, form: str, person: Recording, prefix: str) -> None:
    """Publish a second's samples each second, for ever."""
    began_s = time.monotonic()
    for second in range(1_000_000):
        told = messages(form, person, second, datetime.now(UTC))
        for number, (topic, payload) in enumerate(told):
            at_s = began_s + second + 1 + number / len(told)
            time.sleep(max(0.0, at_s - time.monotonic()))  # the signal's own pace
            client.publish(f"{prefix}/{topic}", payload, qos=1)


def messages(form: str, person: Recording, second: int, now: datetime) -> list[tuple[str, bytes]]:
    """Return topic and payload of each message of that second."""
    ecg = person.samples(ECG, second * ECG_HZ, ECG_HZ)[:, 0]
    pleth = person.samples(PLETH, second * PLETH_HZ, PLETH_HZ)[:, 0]
    spo2, pulse = (int(person.samples(stream, second, 1)[0, 0]) for stream in (SPO2, PULSE))
    if form == "json":
        return [
            json_message(now, "ecg", "MDC_ECG_LEAD_II", hz=ECG_HZ, unit="uV", scale=5, samples=ecg.tolist()),
            json_message(now, "pleth", "MDC_PULS_OXIM_PLETH", hz=PLETH_HZ, samples=pleth.tolist()),
            json_message(now, "numerics", "MDC_PULS_OXIM", spo2=spo2, pulse=pulse),
        ]
    both: dict[str, cbor.Item] = {
        "t": round(now.timestamp() * 1_000),
        "e": cbor.Tagged(cbor.SINT16_LE, ecg.astype("<i2").tobytes()),
        "p": cbor.Tagged(cbor.UINT8, pleth.astype("u1").tobytes()),
        "s": spo2,
        "r": pulse,
    }
    return [("cbor", cbor.encode(both))]


def json_message(now: datetime, device: str, signal: str, **values: Any) -> tuple[str, bytes]:
    """Return topic and payload of one signal's second."""
    said = {
        "time": now.isoformat(timespec="milliseconds"),
        "device": f"{device}-1",
        "signal": signal,
        **values,
    }
    return f"devices/{device}-1/observations", json.dumps(said, separators=(",", ":")).encode()


if __name__ == "__main__":
    main()
