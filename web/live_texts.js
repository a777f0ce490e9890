/** The text messages of the live WebSocket: what each must have to be used at all. Wire: docs/live.md. */

/**
 * @typedef {{stream_id: number, set_no: number, mdc: number, label: string, rate_mhz: number, scale: number,
 *            unit: string, kind: string, device: string, device_name: string, unverified: string | null,
 *            detects_pacing: boolean}} Stream
 * @typedef {{no: string, code: string, opened_ms: number | null}} Visit
 * @typedef {{type: "view", station: string, now_ms: number, visit: Visit | null, streams: Stream[]}} View
 * @typedef {{device: string, device_name: string, stream: number, mdc: number, label: string, source: string | null,
 *            value: number | null, unit: string, measured_ms: number | null, received_ms: number | null,
 *            changed_ms: number | null, state: "ok" | "off" | "unknown", why: string | null,
 *            is_unverified: boolean}} Reading
 * @typedef {{key: string, values: Record<string, string>}} Notice
 * @typedef {{stream_id: number, notices: Notice[]}} StreamNotices
 * @typedef {{device: string, name: string, word: "connected" | "silent" | "gone", unverified: string | null,
 *            notices: Notice[]}} Device
 * @typedef {{label: string, values: (number | null)[], unit: string, source: string | null}} Quantity
 * @typedef {{device: string, device_name: string, quantities: Quantity[], measured_ms: number | null,
 *            received_ms: number, device_time: string | null, text: string, unverified: string | null}} Measurement
 */

const isText = (/** @type {any} */ x) => typeof x === "string";
const isTextOrNull = (/** @type {any} */ x) => x === null || isText(x);
const isNumberOrNull = (/** @type {any} */ x) => x === null || Number.isFinite(x);

/** @param {any} s */
function isStream(s) {
  return Number.isInteger(s?.stream_id) && Number.isInteger(s.set_no) && s.rate_mhz > 0
    && Number.isFinite(s.scale) && s.scale !== 0 && isText(s.unit) && isText(s.label)
    && ["ecg", "pleth", "numeric"].includes(s.kind)
    && isText(s.device) && isText(s.device_name) && isTextOrNull(s.unverified) && typeof s.detects_pacing === "boolean";
}

/** @param {any} v */
function isReading(v) {
  return isText(v?.device) && isText(v.device_name) && Number.isInteger(v.stream) && Number.isInteger(v.mdc)
    && isText(v.label) && isText(v.unit) && isTextOrNull(v.source) && isNumberOrNull(v.value)
    && isNumberOrNull(v.measured_ms) && isNumberOrNull(v.received_ms) && isNumberOrNull(v.changed_ms)
    && ["ok", "off", "unknown"].includes(v.state) && isTextOrNull(v.why) && typeof v.is_unverified === "boolean";
}

/** @param {any} x */
function areNotices(x) {
  return Array.isArray(x) && x.every((/** @type {any} */ one) =>
    isText(one?.key) && one.values !== null && typeof one.values === "object");
}

/** @param {any} s */
function isStreamNotices(s) {
  return Number.isInteger(s?.stream_id) && areNotices(s.notices);
}

/** @param {any} d */
function isDevice(d) {
  return isText(d?.device) && isText(d.name) && ["connected", "silent", "gone"].includes(d.word)
    && isTextOrNull(d.unverified) && areNotices(d.notices);
}

/** @param {any} q */
function isQuantity(q) {
  return isText(q?.label) && isText(q.unit) && isTextOrNull(q.source) && Array.isArray(q.values)
    && q.values.length > 0 && q.values.every(isNumberOrNull);
}

/** @param {any} m */
function isMeasurement(m) {
  return isText(m?.device) && isText(m.device_name) && isText(m.text) && isTextOrNull(m.device_time)
    && isTextOrNull(m.unverified) && isNumberOrNull(m.measured_ms) && Number.isFinite(m.received_ms)
    && Array.isArray(m.quantities) && m.quantities.every(isQuantity);
}

/** @type {Record<string, (message: any) => boolean>} */
const CHECKS = {
  view: (m) => isText(m.station) && Number.isFinite(m.now_ms) && (m.visit === null || isText(m.visit?.no))
    && Array.isArray(m.streams) && m.streams.every(isStream),
  values: (m) => Number.isFinite(m.now_ms) && Array.isArray(m.values) && m.values.every(isReading),
  notices: (m) => Array.isArray(m.streams) && m.streams.every(isStreamNotices),
  devices: (m) => Array.isArray(m.devices) && m.devices.every(isDevice),
  measurements: (m) => Array.isArray(m.measurements) && m.measurements.every(isMeasurement),
  link: () => true,
};

/** Whether a message is whole: of a known type, with all that its readers use. @param {any} message */
export function isWhole(message) {
  return Object.hasOwn(CHECKS, message?.type) && CHECKS[message.type](message);
}
