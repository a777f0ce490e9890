/** A short list from which one is chosen by arrow keys and Enter; Esc puts it away. And the list of keys. */
import { keyLabel } from "../../../web/keys.js";
import { t } from "../../../web/words.js";

/** @typedef {{value: string, text: string, note?: string}} Choice */

/** Ask which. Resolves with the choice's value; null: put away.
 * @param {string} title @param {Choice[]} choices the first has the focus @param {string} [empty] when there is none
 * @returns {Promise<string | null>} */
export function choose(title, choices, empty = "") {
  const dialog = newDialog(title), list = document.createElement("div");
  list.className = "choices";
  const buttons = choices.map(({ value, text, note }) => {
    const button = document.createElement("button"), small = document.createElement("small");
    button.value = value;
    small.textContent = note ?? "";
    button.append(text, small);
    button.addEventListener("click", () => dialog.close(value));
    return button;
  });
  list.append(...buttons);
  if (!buttons.length) list.append(empty);
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)), last = buttons.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length]?.focus();
  });
  dialog.querySelector("h2")?.after(list);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(choices.some((one) => one.value === dialog.returnValue) ? dialog.returnValue : null);
    });
    dialog.showModal();
    buttons[0]?.focus();
  });
}

/** The keys of this page; shown again, they are put away. @param {import("../../../web/keys.js").Keys} keys */
export function showKeys(keys) {
  const open = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
  if (open) {
    open.close();
    return;
  }
  if (document.querySelector("dialog[open]")) return; // one thing at a time
  const dialog = newDialog(t("Các phím")), table = document.createElement("dl");
  dialog.id = "keys";
  table.className = "facts";
  for (const one of keys.known) {
    const term = document.createElement("dt"), kbd = document.createElement("kbd"), text = document.createElement("dd");
    kbd.textContent = keyLabel(one.deed);
    term.append(kbd);
    text.textContent = one.text();
    table.append(term, text);
  }
  dialog.querySelector("h2")?.after(table);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

/** @param {string} title */
function newDialog(title) {
  const dialog = document.createElement("dialog"), heading = document.createElement("h2");
  const form = document.createElement("form"), button = document.createElement("button"), kbd = document.createElement("kbd");
  dialog.className = "chooser";
  heading.textContent = title;
  kbd.textContent = "Esc";
  button.append(`${t("Đóng")} `, kbd);
  form.method = "dialog";
  form.append(button);
  dialog.append(heading, form);
  dialog.setAttribute("aria-label", title);
  document.body.append(dialog);
  return dialog;
}
