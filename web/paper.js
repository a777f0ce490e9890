/** The paper under the trace: millimetre grid and the calibration pulse. Drawn once a layout. */

const PULSE_MV = 1, PULSE_S = 0.2;
const PULSE_FLAT_MM = 1.5; // line before and after the pulse

/**
 * @typedef {{fine: string, bold: string, pulse: string}} PaperColours
 * @typedef {import("./trace.js").Geometry} Geometry
 */

/** Width of the margin left of the trace: the pulse with its flat ends, and a little air. @param {number} mmPerS */
export function margin_mm(mmPerS) {
  return Math.ceil(PULSE_S * mmPerS + 2 * PULSE_FLAT_MM + 2);
}

/**
 * Lines each millimetre, bold each five, counted from the left end of the trace and from the middle.
 * @param {CanvasRenderingContext2D} ink @param {Geometry} geometry @param {PaperColours} colours
 */
export function drawGrid(ink, geometry, colours) {
  const { left_px, width_px, height_px, pxPerMm } = geometry;
  const right_px = left_px + width_px;
  const sharp = (/** @type {number} */ px) => (Math.round(px * devicePixelRatio) + 0.5) / devicePixelRatio;
  for (const isBold of [false, true]) {
    ink.strokeStyle = isBold ? colours.bold : colours.fine;
    ink.lineWidth = 1 / devicePixelRatio;
    ink.beginPath();
    const step_px = pxPerMm * (isBold ? 5 : 1);
    for (let n = Math.ceil(-left_px / step_px); left_px + n * step_px <= right_px; n++) {
      const x = sharp(left_px + n * step_px);
      ink.moveTo(x, 0);
      ink.lineTo(x, height_px);
    }
    for (let n = Math.ceil(-height_px / 2 / step_px); n * step_px <= height_px / 2; n++) {
      const y = sharp(height_px / 2 + n * step_px);
      ink.moveTo(0, y);
      ink.lineTo(right_px, y);
    }
    ink.stroke();
  }
}

/**
 * 1 mV for 200 ms, at the gain and speed of the trace.
 * @param {CanvasRenderingContext2D} ink @param {Geometry} geometry @param {PaperColours} colours
 * @param {number} mmPerMv
 */
export function drawPulse(ink, geometry, colours, mmPerMv) {
  const { left_px, height_px, pxPerMm, mmPerS } = geometry;
  const wide_px = PULSE_S * mmPerS * pxPerMm, high_px = PULSE_MV * mmPerMv * pxPerMm, flat_px = PULSE_FLAT_MM * pxPerMm;
  let x = left_px - 2 * pxPerMm - 2 * flat_px - wide_px;
  const low = height_px / 2 + high_px / 2; // centred, so that it is on the strip whatever its height
  ink.strokeStyle = colours.pulse;
  ink.lineWidth = 1.4;
  ink.lineJoin = "miter";
  ink.beginPath();
  ink.moveTo(x, low);
  ink.lineTo(x += flat_px, low);
  ink.lineTo(x, low - high_px);
  ink.lineTo(x += wide_px, low - high_px);
  ink.lineTo(x, low);
  ink.lineTo(x + flat_px, low);
  ink.stroke();
}
