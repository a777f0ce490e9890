/** The one place where text of the hub becomes a page: everywhere else the browser refuses it (Trusted Types). */

/** @typedef {{createHTML: (text: string) => string}} Policy */

/** @type {Policy} */
const policy = /** @type {{trustedTypes?: {createPolicy: (name: string, rules: Policy) => Policy}}} */ (window)
  .trustedTypes?.createPolicy("haidang-fragment", { createHTML: (text) => text }) ?? { createHTML: (text) => text };

/** What the hub rendered, as a document of its own that runs nothing. Only what was fetched from our own addresses
 * may be given here, never what somebody typed. @param {string} text */
export function parseFragment(text) {
  return new DOMParser().parseFromString(policy.createHTML(text), "text/html");
}
