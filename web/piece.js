/** Pieces of the past as the hub sends them: decoded, held to the visit that was asked for, kept. Wire: docs/playback.md. */

/**
 * @typedef {{key: string, mdc: number, label: string, kind: "ecg" | "pleth" | "numeric", unit: string, scale: number,
 *   source: string | null, device: string, device_name: string, unverified: string | null, detects_pacing: boolean,
 *   is_derived?: boolean}} PastStream
 * @typedef {{key: string, first_index: number, t_us: number, rate_hz: number, samples: Int32Array}} Run
 * @typedef {{key: string, first_bin: number, low: Int32Array, high: Int32Array}} BinRun
 * @typedef {{kind: "raw" | "envelope", from_us: number, until_us: number, bin_us: number | null, streams: PastStream[],
 *   runs: Run[], bins: BinRun[]}} Piece
 * @typedef {{station: string, spool: string, visit_no: string, boot: number}} Whose
 */

const VERSION = 1;
const RAW_US = 10_000_000, BINS = 600; // as hub/playback/piece.py
const KEPT_MAX = 64; // pieces; of twelve leads at 500 Hz some 15 MB
const FOLLOWS_US = 200_000; // as hub/times/placing.py: a jump by more is a gap

/** @param {ArrayBuffer} data @param {Whose} whose @returns {Piece | string} a piece, or the reason why it is none */
export function decodePiece(data, whose) {
  if (data.byteLength < 8) return `short: ${data.byteLength} bytes`;
  const length = new DataView(data).getUint32(0, true);
  if (length % 4 || 4 + length > data.byteLength) return `head of ${length} bytes`;
  let head;
  try {
    head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  } catch {
    return "head that is not JSON";
  }
  if (head.version !== VERSION) return `version ${head.version}`;
  if (head.spool !== whose.spool || head.visit_no !== whose.visit_no || head.boot !== whose.boot) return "another visit";
  if (!Array.isArray(head.runs) || !Array.isArray(head.streams) || (data.byteLength - 4 - length) % 4) return "not whole";
  const all = new Int32Array(data.slice(4 + length)); // every machine that runs a browser is little-endian
  const wide = head.kind === "envelope" ? 2 : 1;
  const piece = /** @type {Piece} */ ({ ...head, runs: [], bins: [] });
  let at = 0;
  for (const run of head.runs) {
    const samples = all.subarray(at, at += run.count * wide);
    if (samples.length !== run.count * wide) return "fewer samples than it names";
    if (wide === 1) piece.runs.push({ ...run, samples });
    else piece.bins.push({ key: run.key, first_bin: run.first_bin, low: samples.filter((_, i) => i % 2 === 0),
      high: samples.filter((_, i) => i % 2 === 1) });
  }
  return at === all.length ? piece : "more samples than it names";
}

/** Runs of one stream in order, put together where one goes on where the other ended. @param {Run[]} runs @returns {Run[]} */
export function joined(runs) {
  /** @type {Run[]} */
  const found = [];
  for (const run of [...runs].sort((a, b) => a.t_us - b.t_us)) {
    const last = found.at(-1);
    const end_us = last ? last.t_us + (last.samples.length * 1e6) / last.rate_hz : NaN;
    if (last && run.first_index === last.first_index + last.samples.length && Math.abs(run.t_us - end_us) <= FOLLOWS_US) {
      const samples = new Int32Array(last.samples.length + run.samples.length);
      samples.set(last.samples);
      samples.set(run.samples, last.samples.length);
      found[found.length - 1] = { ...last, samples };
    } else {
      found.push(run);
    }
  }
  return found;
}

/** The pieces of one period. Events: "piece" when one has come, "away" when one did not. */
export class Past extends EventTarget {
  /** @param {Whose} whose */
  constructor(whose) {
    super();
    this.whose = whose;
    this.counts = { fetched: 0, refused: 0 };
    this.lastRefusal = "";
    /** @type {Map<string, Piece>} */
    this._kept = new Map();
    /** @type {Set<string>} */
    this._asked = new Set();
  }

  /** How long a piece is. @param {number} bin_us 0: raw */
  length_us(bin_us) {
    return bin_us ? bin_us * BINS : RAW_US;
  }

  /** The pieces that hold a span, as far as they are here; the others are fetched.
   * @param {number} from_us @param {number} until_us @param {number} bin_us */
  pieces(from_us, until_us, bin_us) {
    const length_us = this.length_us(bin_us), found = [];
    let missing = 0;
    for (let at_us = Math.max(0, Math.floor(from_us / length_us) * length_us); at_us < until_us; at_us += length_us) {
      const name = `${bin_us}:${at_us}`, piece = this._kept.get(name);
      if (piece) {
        this._kept.delete(name); // the one used last is forgotten last
        this._kept.set(name, piece);
        found.push(piece);
      } else {
        missing++;
        void this._fetch(name, at_us, bin_us);
      }
    }
    return { pieces: found, missing };
  }

  /** @param {string} name @param {number} from_us @param {number} bin_us */
  async _fetch(name, from_us, bin_us) {
    if (this._asked.has(name)) return;
    this._asked.add(name);
    const { station, spool, visit_no, boot } = this.whose;
    const query = new URLSearchParams({ spool, visit: visit_no, boot: String(boot), from: String(from_us),
      until: String(from_us + this.length_us(bin_us)), ...(bin_us ? { bin: String(bin_us) } : {}) });
    try {
      const answer = await fetch(`/stations/${station}/playback/piece?${query}`, { headers: { Accept: "application/json" } });
      if (answer.status === 401) location.assign("/login");
      if (!answer.ok) throw new Error(`the hub answered ${answer.status}`);
      const piece = decodePiece(await answer.arrayBuffer(), this.whose);
      if (typeof piece === "string") {
        this.counts.refused++;
        throw new Error(piece);
      }
      this.counts.fetched++;
      this._kept.set(name, piece);
      for (const oldest of this._kept.keys()) {
        if (this._kept.size <= KEPT_MAX) break;
        this._kept.delete(oldest);
      }
      this.dispatchEvent(new Event("piece"));
    } catch (error) {
      this.lastRefusal = String(error);
      this.dispatchEvent(new Event("away"));
    } finally {
      this._asked.delete(name);
    }
  }
}
