/** Text as it is searched: without accents, case and marks; as hub/fleet/folding.py does it, by one table. */

/** Words of a … z and 0 … 9 with one space between: "Mường  Nhé (cũ)" is "muong nhe cu". @param {string} text */
export function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[\u0111\u0110]/g, "d").toLowerCase()
    .replace(/[^0-9a-z]+/g, " ").trim();
}

/** Whether every word begins a word of a folded text that has a space before it.
 * @param {string[]} words each with a space before it @param {string} padded */
export function isFound(words, padded) {
  for (const word of words) if (!padded.includes(word)) return false;
  return true;
}
