/** A short list from which one is chosen by arrow keys and Enter; Esc puts it away. And the list of keys. */
import { keyLabel } from "../../../web/keys.js";
import { t } from "../../../web/words.js";

/** @typedef {{value: string, text: string, note?: string}} Choice */

/** Ask which. Resolves with the choice's value; null: put away, or the choices could not be read. The dialog is there
 * at once: keys that are pressed while the choices still come mean nothing else.
 * @param {string} title @param {Choice[] | Promise<Choice[] | null>} choices the first has the focus
 * @param {string} [empty] when there is none @returns {Promise<string | null>} */
export function choose(title, choices, empty = "") {
  const dialog = newDialog(title), list = document.createElement("div");
  list.className = "choices";
  list.tabIndex = -1;
  list.setAttribute("aria-live", "polite");
  list.textContent = t("đang tải…");
  dialog.querySelector("h2")?.after(list);
  dialog.showModal();
  list.focus(); // not the button that puts it away
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null);
    });
    const pick = (/** @type {string} */ value) => {
      resolve(value); // before the event of its closing: what is asked next stands before the next key
      dialog.close();
    };
    void Promise.resolve(choices).then((read) => {
      if (read === null) dialog.close();
      else if (dialog.open) fill(list, read, { empty, pick });
    });
  });
}

/** @param {HTMLElement} list @param {Choice[]} choices @param {{empty: string, pick: (value: string) => void}} given */
function fill(list, choices, { empty, pick }) {
  const buttons = choices.map(({ value, text, note }) => {
    const button = document.createElement("button"), small = document.createElement("small");
    button.value = value;
    small.textContent = note ?? "";
    button.append(text, small);
    button.addEventListener("click", () => pick(value));
    return button;
  });
  list.replaceChildren(...buttons);
  if (!buttons.length) list.append(empty);
  list.addEventListener("keydown", (event) => {
    if (event.key === " ") event.preventDefault(); // of a name that is typed here; Enter chooses
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)), last = buttons.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length]?.focus();
  });
  buttons[0]?.focus();
}

/** Put away whatever is asked or shown: somebody is answered. */
export function closeDialogs() {
  for (const one of /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll("dialog[open]"))) one.close();
}

/** The keys of this page, those first that would do anything now; shown again, they are put away. @param {import("../../../web/keys.js").Keys} keys */
export function showKeys(keys) {
  const open = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
  if (open) {
    open.close();
    return;
  }
  if (document.querySelector("dialog[open]")) return; // one thing at a time
  const dialog = newDialog(t("Các phím")), { known } = keys;
  const idle = known.filter((one) => !keys.may(one.deed)), words = document.createElement("p");
  dialog.id = "keys";
  words.className = "quiet";
  words.textContent = t("Lúc này không có tác dụng:");
  const parts = [newTable(known.filter((one) => keys.may(one.deed))), ...(idle.length ? [words, newTable(idle)] : [])];
  parts[2]?.classList.add("is-idle");
  dialog.querySelector("h2")?.after(...parts);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

/** @param {import("../../../web/keys.js").Key[]} keys */
function newTable(keys) {
  const table = document.createElement("dl");
  table.className = "facts";
  for (const one of keys) {
    const term = document.createElement("dt"), kbd = document.createElement("kbd"), text = document.createElement("dd");
    kbd.textContent = keyLabel(one.deed);
    term.append(kbd);
    text.textContent = one.text();
    table.append(term, text);
  }
  return table;
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
