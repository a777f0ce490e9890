/** The order of names in Vietnamese: đ after d, tones last of all, 2 before 10. The hub's twin: hub/console/collation.py. */

const collator = new Intl.Collator("vi", { numeric: true });

/** For `sort`. @param {string} one @param {string} other */
export function byName(one, other) {
  return collator.compare(one, other);
}
