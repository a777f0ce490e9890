/**
 * The words of the page. Vietnamese is the source language and the key. Another language is told by a script that
 * runs before all others (`learn`), or the page carries it as
 * `<script type="application/json" id="words">{"Kết nối": "Connect"}</script>`.
 */

/** @type {Record<string, string> | null} */
let catalogue = null;

/** Say everything in this language from now on. @param {Record<string, string>} words */
export function learn(words) {
  catalogue = words;
}

/** @returns {Record<string, string>} */
function readCatalogue() {
  const text = document.getElementById("words")?.textContent;
  if (!text) return {};
  try {
    const parsed = JSON.parse(text);
    return parsed && typeof parsed === "object" ? parsed : {};
  } catch {
    console.warn("words: the catalogue of the page is not JSON; showing Vietnamese");
    return {};
  }
}

/**
 * The word in the language of the page; the key itself (Vietnamese) where it has no other.
 * `{name}` in the word is replaced by `values.name`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  catalogue ??= readCatalogue();
  const word = Object.hasOwn(catalogue, key) ? String(catalogue[key]) : key;
  return word.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole);
}

/** What a device says of itself: phrases, each with a word of its own. @param {string} text */
export function phrases(text) {
  return text.split("; ").map((phrase) => t(phrase)).join("; ");
}

/** By language and digits: making one takes a hundred times as long as writing a number. @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** A number as the language of the page writes it (0,8 in Vietnamese).
 * @param {number} value @param {number} digits after the point */
export function number(value, digits) {
  const language = document.documentElement.lang || "vi", key = `${language} ${digits}`;
  const format = formats.get(key)
    ?? new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(key, format);
  return format.format(value);
}
