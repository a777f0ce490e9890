/** Gain and filter of all strips of a page. Each page begins with the usual ones: what somebody looked at before is
 * nobody's guess. */
import { FILTERS } from "./filters.js";
import { GAINS_MM_PER_MV } from "./strip_words.js";

/** "change" when one of them changed. */
export class StripSettings extends EventTarget {
  constructor() {
    super();
    this.mmPerMv = GAINS_MM_PER_MV[0];
    /** @type {import("./filters.js").FilterName} */
    this.filter = FILTERS[0];
  }

  nextGain() {
    this.mmPerMv = GAINS_MM_PER_MV[(GAINS_MM_PER_MV.indexOf(this.mmPerMv) + 1) % GAINS_MM_PER_MV.length];
    this.dispatchEvent(new Event("change"));
  }

  nextFilter() {
    this.filter = FILTERS[(FILTERS.indexOf(this.filter) + 1) % FILTERS.length];
    this.dispatchEvent(new Event("change"));
  }
}
