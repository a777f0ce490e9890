/** The land and what lies off it, as the map draws them. */
import { ISLANDS, ISLETS, MAINLAND, ZONES } from "./outline.js";

export const SQUASH = Math.cos((16 * Math.PI) / 180); // a degree to the east is so much of one to the north

/** The land, a unit a degree to the north: made once, for it has thousands of corners. */
export const LAND = new Path2D();
for (const shape of [MAINLAND, ...ISLANDS]) {
  shape.forEach(([east, north], at) => (at ? LAND.lineTo(east * SQUASH, -north) : LAND.moveTo(east * SQUASH, -north)));
  LAND.closePath();
}
/** East and north of what is too small for a shape. */
export const DOTS = [...ISLETS.map(([, east, north]) => [east, north]), ...ZONES.flatMap((zone) => zone.islands)];
