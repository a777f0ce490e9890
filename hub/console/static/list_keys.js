/** Rows of a table that are gone through by arrow keys: one has the focus, and keys act on it. */

const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/** @returns {HTMLTableRowElement[]} */
function rows() {
  return /** @type {HTMLTableRowElement[]} */ ([...document.querySelectorAll("tr[data-call]")]);
}

/** The row that has the focus, or the first. @returns {HTMLTableRowElement | null} */
export function rowNow() {
  const focused = /** @type {HTMLTableRowElement | null} */ (document.activeElement?.closest("tr[data-call]") ?? null);
  return focused ?? rows()[0] ?? null;
}

/** @param {number} step */
function move(step) {
  const all = rows(), now = document.activeElement?.closest("tr[data-call]");
  const at = now ? all.indexOf(/** @type {HTMLTableRowElement} */ (now)) : step > 0 ? -1 : all.length;
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Go through the rows by arrow keys, Home and End; Enter on a row does `open`. @param {(row: HTMLTableRowElement) => void} open */
export function goThroughRows(open) {
  /** @type {Record<string, () => void>} */
  const steps = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Home: () => move(-Infinity), End: () => move(Infinity) };
  window.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement | null} */ (event.target);
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (target?.closest(FIELDS) && !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const run = steps[event.key];
    if (run) {
      event.preventDefault();
      run();
    } else if (event.key === "Enter" && target?.matches("tr[data-call]")) {
      event.preventDefault();
      open(/** @type {HTMLTableRowElement} */ (target));
    }
  });
}

/** What is typed and chosen and nobody has sent: it outlives its row, which may be back in a moment (a call that rings).
 * @type {Map<string, {value: string, checked: boolean}>} */
const unsent = new Map();

/** What these fields say has been sent: it is no draft any more. @param {HTMLFormElement} form */
export function forgetTyped(form) {
  for (const field of form.querySelectorAll("input")) {
    [field.defaultValue, field.defaultChecked] = [field.value, field.checked];
    unsent.delete(keyOf(field));
  }
}

/** Put another list in place of this one: what is typed and chosen, and where the focus is, stays.
 * @param {HTMLElement} place @param {Document} next */
export function replaceList(place, next) {
  const focused = document.activeElement, row = focused?.closest("tr[data-call]");
  const call = /** @type {HTMLElement | null | undefined} */ (row)?.dataset.call, name = /** @type {any} */ (focused)?.name ?? "";
  const position = focused instanceof HTMLInputElement && focused.type === "text" ? focused.selectionStart : null;
  const fields = () => [...place.querySelectorAll("input")].filter((one) => ["text", "checkbox"].includes(one.type));
  for (const field of fields()) {
    const { value, checked } = field;
    if (value !== field.defaultValue || checked !== field.defaultChecked) unsent.set(keyOf(field), { value, checked });
    else unsent.delete(keyOf(field));
  }
  place.replaceChildren(...next.body.childNodes);
  for (const field of fields()) {
    const before = unsent.get(keyOf(field));
    if (!before) continue;
    if (field.type === "text") field.value = before.value;
    else field.checked = before.checked;
  }
  if (!call) return;
  const again = rows().find((one) => one.dataset.call === call);
  const field = name && again ? [...again.querySelectorAll("input, button")].find((one) => /** @type {any} */ (one).name === name) : again;
  /** @type {HTMLElement | undefined} */ (field ?? again)?.focus();
  if (position !== null && field instanceof HTMLInputElement) field.setSelectionRange(position, position);
}

/** @param {HTMLInputElement} field */
function keyOf(field) {
  return `${field.name} ${field.type === "checkbox" ? field.value : ""}`;
}
