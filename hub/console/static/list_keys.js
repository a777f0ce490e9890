/** Rows of a table that are gone through by arrow keys: one has the focus, and keys act on it. */

const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/** @returns {HTMLTableRowElement[]} */
function rows() {
  return /** @type {HTMLTableRowElement[]} */ ([...document.querySelectorAll("tr[data-call], tr[data-alert]")]);
}

/** The row that has the focus, or the first. @returns {HTMLTableRowElement | null} */
export function rowNow() {
  const focused = /** @type {HTMLTableRowElement | null} */ (document.activeElement?.closest("tr[data-call], tr[data-alert]") ?? null);
  return focused ?? rows()[0] ?? null;
}

/** @param {number} step */
function move(step) {
  const all = rows(), now = document.activeElement?.closest("tr[data-call], tr[data-alert]");
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
    } else if (event.key === "Enter" && target?.matches("tr[data-call], tr[data-alert]")) {
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
  for (const field of form.querySelectorAll("select")) unsent.delete(keyOf(field));
  for (const field of form.querySelectorAll("input")) {
    [field.defaultValue, field.defaultChecked] = [field.value, field.checked];
    unsent.delete(keyOf(field));
  }
}

/** What a row is about. @param {HTMLElement | null | undefined} row */
function nameOf(row) {
  return row?.dataset.call ?? row?.dataset.alert;
}

/** Put another list in place of this one: what is typed and chosen, and where the focus is, stays.
 * @param {HTMLElement} place @param {HTMLElement} next what holds the other one */
export function replaceList(place, next) {
  const focused = document.activeElement, row = focused?.closest("tr[data-call], tr[data-alert]");
  const call = nameOf(/** @type {HTMLElement | null | undefined} */ (row)), name = /** @type {any} */ (focused)?.name ?? "";
  const position = focused instanceof HTMLInputElement && focused.type === "text" ? focused.selectionStart : null;
  const fields = () => /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ (
    [...place.querySelectorAll("input, select")]).filter((one) => ["text", "checkbox", "select-one"].includes(one.type));
  for (const field of fields()) {
    const checked = field instanceof HTMLInputElement && field.checked;
    if (isChanged(field)) unsent.set(keyOf(field), { value: field.value, checked });
    else unsent.delete(keyOf(field));
  }
  place.replaceChildren(...next.childNodes);
  for (const field of fields()) {
    const before = unsent.get(keyOf(field));
    if (!before) continue;
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = before.checked;
    else field.value = before.value;
  }
  if (!call) return;
  const again = rows().find((one) => nameOf(one) === call);
  const field = name && again ? [...again.querySelectorAll("input, select, button")].find((one) => /** @type {any} */ (one).name === name) : again;
  /** @type {HTMLElement | undefined} */ (field ?? again)?.focus();
  if (position !== null && field instanceof HTMLInputElement) field.setSelectionRange(position, position);
}

/** Whether somebody has typed or chosen there. @param {HTMLInputElement | HTMLSelectElement} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) return !field.selectedOptions[0]?.defaultSelected;
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

/** @param {HTMLInputElement | HTMLSelectElement} field */
function keyOf(field) {
  return `${field.id} ${field.name} ${field.type === "checkbox" ? field.value : ""}`;
}
