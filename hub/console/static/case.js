/** The papers of a call: saved as they are typed, for the person they were typed for, whoever is seen by then.
 *
 * What stands here is `templates/case.html`, read again when something changed; never under somebody's typing. A form
 * names its visit. When the next person sits down, what was typed is saved for the former one and another form, empty,
 * takes its place; the keys that were meant for the former one go nowhere.
 */
import { formatTimeOfDay } from "../../../web/ages.js";
import { t } from "../../../web/words.js";
import { post, say, tellUser } from "./console.js";
import { parseFragment } from "./fragment.js";

const SAVE_MS = 1_500; // after the last letter
const SAVE_AGAIN_MS = 5_000; // while the hub is away
const LOOK_SOON_MS = 200;
const FIELDS = ["urgency", "findings", "advice"];
const DRAFT = "case draft"; // in this tab's store: what the hub has not taken yet

/**
 * @typedef {{revision: number, by: string, saved_ms: number, form: Record<string, string | null>, disputed: string[],
 *   other: string, error?: string, advice?: number}} Saved
 * @typedef {{spool: string, visit: string, revision: string, urgency: string, findings: string, advice: string}} Typed
 */

/** One person's wrap-up on the page. It outlives its place there until everything is saved. */
class Wrap {
  /** @param {HTMLFormElement} form @param {string} call @param {() => void} onSaved */
  constructor(form, call, onSaved) {
    this.form = form;
    this.call = call;
    this.isDirty = false;
    this.isDisputed = false;
    this._onSaved = onSaved;
    this._timer = 0;
    this._saving = /** @type {Promise<boolean> | null} */ (null);
    form.addEventListener("input", () => this._onInput());
    form.addEventListener("change", () => this._soon(0));
    this._restore();
  }

  get key() {
    const { spool, visit } = this.typed();
    return `${DRAFT} ${this.call} ${spool} ${visit}`;
  }

  /** @returns {Typed} */
  typed() {
    const data = new FormData(this.form);
    const names = ["spool", "visit", "revision", ...FIELDS];
    return /** @type {Typed} */ (Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? "")])));
  }

  _onInput() {
    this.isDirty = true;
    sessionStorage.setItem(this.key, JSON.stringify(this.typed()));
    this._soon(SAVE_MS);
  }

  /** @param {number} after_ms */
  _soon(after_ms) {
    if (!this.isDirty) return;
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => void this.save(), after_ms);
  }

  /** What was typed here and not taken by the hub is typed again. */
  _restore() {
    const text = sessionStorage.getItem(this.key);
    if (!text) return;
    const draft = JSON.parse(text);
    for (const name of ["revision", ...FIELDS]) this._set(name, draft[name] ?? "");
    this.isDirty = true;
    this._soon(SAVE_MS);
  }

  /** Save what is typed now; false: the hub is away, or the person is not of this call. @returns {Promise<boolean>} */
  async save() {
    while (this._saving) await this._saving;
    if (!this.isDirty) return true;
    this._saving = this._save(`/calls/${this.call}/papers/form`).then((saved) => saved !== null);
    const isDone = await this._saving;
    this._saving = null;
    return isDone;
  }

  /** Save, and send the advice to the station. @returns {Promise<Saved | null>} */
  async send() {
    while (this._saving) await this._saving;
    return this._save(`/calls/${this.call}/advice`);
  }

  /** @param {string} path @returns {Promise<Saved | null>} */
  async _save(path) {
    window.clearTimeout(this._timer);
    const typed = this.typed();
    say(this._told, t("đang lưu"));
    const saved = /** @type {Saved | null} */ (await post(path, typed));
    if (!saved?.form) {
      say(this._told, saved?.error ? t(saved.error) : t("chưa lưu: mất liên lạc với trung tâm, sẽ lưu lại"));
      this._timer = window.setTimeout(() => void this.save(), SAVE_AGAIN_MS);
      return null;
    }
    this._take(saved, typed);
    this._onSaved();
    return saved;
  }

  /** @param {Saved} saved @param {Typed} typed what was sent */
  _take(saved, typed) {
    this.isDisputed = saved.disputed.length > 0;
    const now = this.typed();
    for (const name of FIELDS) {
      const theirs = saved.form[name] ?? "";
      this._showOther(name, saved.disputed.includes(name) ? saved : null);
      const isSame = now[/** @type {keyof Typed} */ (name)] === typed[/** @type {keyof Typed} */ (name)];
      if (!saved.disputed.includes(name) && isSame) this._set(name, theirs);
    }
    this.isDirty = FIELDS.some((name) => !saved.disputed.includes(name)
      && this.typed()[/** @type {keyof Typed} */ (name)] !== (saved.form[name] ?? ""));
    if (!this.isDisputed) this._set("revision", String(saved.revision));
    if (this.isDirty) this._soon(SAVE_MS);
    else if (!this.isDisputed) sessionStorage.removeItem(this.key);
    const time = formatTimeOfDay(saved.saved_ms);
    say(this._told, this.isDisputed ? t("{name} vừa ghi khác: hãy chọn", { name: saved.other })
      : saved.revision ? t("đã lưu lúc {time}", { time }) : "");
  }

  /** What somebody else wrote in the same field, and what to do about it. @param {string} name @param {Saved | null} saved */
  _showOther(name, saved) {
    const place = /** @type {HTMLElement | null} */ (this.form.querySelector(`[data-of="${name}"]`));
    if (!place) return;
    place.hidden = !saved;
    const theirs = saved?.form[name] ?? "", key = saved ? `${saved.revision} ${theirs}` : "";
    if (!saved || place.dataset.key === key) return;
    place.dataset.key = key;
    const text = document.createElement("span");
    text.textContent = `${t("{name} đã viết:", { name: saved.other })} ${theirs || t("chưa ghi")}`;
    const mine = this.typed()[/** @type {keyof Typed} */ (name)];
    /** @type {[string, string][]} */
    const choices = [[t("Giữ của tôi"), mine], [t("Lấy của {name}", { name: saved.other }), theirs]];
    if (name !== "urgency") choices.push([t("Ghép cả hai"), `${theirs}\n${mine}`]);
    place.replaceChildren(text, ...choices.map(([label, value], number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", () => {
        if (number) this._set(name, value);
        this._set("revision", String(saved.revision));
        place.hidden = true;
        this.isDirty = true;
        void this.save();
      });
      return button;
    }));
  }

  /** @param {string} name @param {string} value */
  _set(name, value) {
    const field = this.form.elements.namedItem(name);
    if (field instanceof RadioNodeList) {
      for (const radio of this.form.querySelectorAll("input[name=urgency]")) {
        const input = /** @type {HTMLInputElement} */ (radio);
        input.checked = input.value === value;
      }
    } else if (field && "value" in field && field.value !== value) field.value = value;
  }

  get _told() {
    return this.form.querySelector("#case-saved");
  }
}

/** The place of the papers on a page. */
export class Papers {
  /** @param {HTMLElement} root where `case.html` stands, or is to stand */
  constructor(root) {
    this._root = root;
    this._call = "";
    this._how = "";
    /** @type {Wrap | null} */
    this.wrap = null;
    this._asked = ""; // the person whose papers were asked for; "": whoever is seen
    this._now = ""; // who is seen
    this._isReading = false;
    this._isStale = false;
    this._timer = 0;
    root.addEventListener("submit", (event) => void this._onSubmit(/** @type {SubmitEvent} */ (event)));
    root.addEventListener("click", (event) => this._onClick(event));
    root.addEventListener("keydown", (event) => this._onKey(event));
    window.addEventListener("pagehide", () => this._leave());
    const section = root.querySelector("#case");
    if (section instanceof HTMLElement) {
      this._call = section.dataset.call ?? "";
      this._now = nowOf(section);
      this._bind();
    }
  }

  /** Which call's papers are here; "" for none. What was typed for the one before is saved. `how` it is: they are looked
   * at again when that changes. @param {string} call @param {string} how */
  follow(call, how) {
    if (call === this._call) {
      if (how !== this._how) this.look();
      this._how = how;
      return;
    }
    this._how = how;
    void this.wrap?.save();
    this.wrap = null;
    this._call = call;
    this._asked = this._now = "";
    this._root.replaceChildren();
    if (call) void this._read();
  }

  /** Something of the call or its station has changed. */
  look() {
    if (!this._call || this._timer) return;
    this._timer = window.setTimeout(() => { this._timer = 0; void this._read(); }, LOOK_SOON_MS);
  }

  _bind() {
    const form = this._root.querySelector("#case-form");
    const isWritable = this._root.querySelector("#case[data-may-write]") !== null;
    this.wrap = form instanceof HTMLFormElement && isWritable ? new Wrap(form, this._call, () => this.look()) : null;
    const save = this._root.querySelector("#case-save");
    if (save instanceof HTMLElement) save.hidden = true; // it is saved by itself
  }

  async _read() {
    if (!this._call) return; // it was put away meanwhile
    if (this._isReading) {
      this._isStale = true;
      return;
    }
    this._isReading = true;
    const call = this._call, query = this._asked;
    const answer = await fetch(`/calls/${call}/case${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => null) : null;
    this._isReading = false;
    const read = text === null ? null : parseFragment(text).querySelector("#case");
    if (read instanceof HTMLElement && call === this._call && query === this._asked) this._show(read);
    if (this._isStale || text === null && call) {
      this._isStale = false;
      this.look();
    }
  }

  /** @param {HTMLElement} read */
  _show(read) {
    const section = this._root.querySelector("#case"), now = nowOf(read);
    const isNext = section !== null && now !== this._now && now !== "" && personOf(section) !== now;
    this._now = now || this._now;
    if (isNext && this._asked) { // somebody looks at a former person's papers: the next one's come all the same
      this._asked = "";
      void this._read();
      return;
    }
    if (!(section instanceof HTMLElement) || personOf(section) !== personOf(read)) this._turn(section, read, isNext);
    else this._renew(section, read);
  }

  /** Another person's papers. @param {Element | null} section @param {HTMLElement} read @param {boolean} isNext */
  _turn(section, read, isNext) {
    const wasTyping = section?.contains(document.activeElement) ?? false;
    void this.wrap?.save(); // it names its person itself
    const former = section instanceof HTMLElement ? section.dataset.code ?? "" : "";
    this._root.replaceChildren(document.adoptNode(read));
    this._bind();
    if (!isNext || !former) return;
    const text = t("Trạm đã sang người khác. Đây là mẫu mới cho {code}; phần ghi cho {former} đã lưu riêng.",
      { code: read.dataset.code ?? "", former });
    const field = document.createElement("input"); // keys that are under way end here, and are no commands
    field.readOnly = true;
    field.className = "case-turned";
    field.value = text;
    read.prepend(field);
    if (wasTyping) field.focus();
    tellUser(text);
  }

  /** The same person's papers: what nobody is typing in is replaced. @param {HTMLElement} section @param {HTMLElement} read */
  _renew(section, read) {
    const { wrap } = this;
    Object.assign(section.dataset, { revision: read.dataset.revision });
    for (const flag of ["mayWrite", "mayClose"]) {
      if (flag in read.dataset) section.dataset[flag] = "";
      else delete section.dataset[flag];
    }
    const isIdle = !wrap || (!wrap.isDirty && !wrap.isDisputed && !wrap.form.contains(document.activeElement));
    const hasChanged = wrap && wrap.typed().revision !== (read.querySelector("#case-form [name=revision]")?.getAttribute("value") ?? "");
    const formChanges = actionOf(section) !== actionOf(read); // closed meanwhile: it is corrected from now on
    if (isIdle && (hasChanged || formChanges)) {
      this._root.replaceChildren(document.adoptNode(read));
      this._bind();
      return;
    }
    for (const part of [".case-head", "#case-told", "#case-advice", ".case-links"]) swap(section, read, part);
    for (const part of ["#case-person", "#case-close"]) {
      const here = section.querySelector(part);
      if (!here?.contains(document.activeElement) && !isFilledIn(here)) swap(section, read, part);
    }
  }

  /** @param {SubmitEvent} event */
  async _onSubmit(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (form.id === "case-form" && !this.wrap) return; // a correction: the page comes anew
    event.preventDefault();
    if (button?.id === "case-send") return void this._send();
    if (button?.id === "case-save") return void this.wrap?.save();
    if (form.id === "case-close" && this.wrap && !await this.wrap.save()) return;
    const data = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    if (button?.name) data[button.name] = button.value;
    const answer = await post(button?.getAttribute("formaction") ?? form.action, data);
    if (!answer?.is_done) {
      tellUser(answer?.error ? t(answer.error) : t("Chưa lưu được. Hãy thử lại."));
      if (form.id === "case-close") showUnsent(form);
    } else if (form.id === "case-close") tellUser(t("Đã đóng cuộc gọi. Biên bản được ký và giữ ở trang của cuộc gọi."));
    else for (const details of this._root.querySelectorAll("details")) if (details.contains(form)) details.open = false;
    if (answer?.is_done) {
      if (document.activeElement instanceof HTMLElement && form.contains(document.activeElement)) document.activeElement.blur();
      if (form !== this.wrap?.form) form.reset(); // what it says now comes from the hub; what is typed here stays
    }
    this.look();
  }

  async _send() {
    const saved = await this.wrap?.send();
    if (!saved) tellUser(t("Chưa gửi được. Hãy thử lại."));
    else if (saved.advice) tellUser(t("Đã gửi lời dặn. Trạm chưa xác nhận thì trung tâm còn gửi lại."));
    this.look();
  }

  /** Another person of the call is looked at. @param {MouseEvent} event */
  _onClick(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("nav a[data-visit]");
    if (!(link instanceof HTMLElement) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { spool, visit } = link.dataset;
    this._asked = `${spool} ${visit}` === this._now ? "" : `?spool=${spool}&visit=${visit}`;
    void this._read();
  }

  /** @param {KeyboardEvent} event */
  _onKey(event) {
    const isIn = this.wrap?.form.contains(/** @type {Node} */ (event.target));
    if (event.key !== "Enter" || !event.ctrlKey || !isIn) return;
    event.preventDefault();
    void this._send();
  }

  /** The page goes: what the hub has not taken yet is told once more, also when nobody waits for the answer. */
  _leave() {
    if (!this.wrap?.isDirty) return;
    const body = new URLSearchParams(this.wrap.typed());
    void fetch(`/calls/${this._call}/papers/form`, { method: "POST", body, keepalive: true,
      headers: { Accept: "application/json" } }).catch(() => {});
  }
}

/** Whom the papers are of. @param {Element} section */
function personOf(section) {
  const { spool, visit } = /** @type {HTMLElement} */ (section).dataset;
  return `${spool} ${visit}`;
}

/** Who is being seen; "" for nobody of this call. @param {HTMLElement} section */
function nowOf(section) {
  return section.dataset.now ?? "";
}

/** @param {HTMLElement} section */
function actionOf(section) {
  return section.querySelector("#case-form")?.getAttribute("action") ?? "";
}

/** @param {HTMLElement} section @param {HTMLElement} read @param {string} part */
function swap(section, read, part) {
  const here = section.querySelector(part), there = read.querySelector(part);
  if (here && there && here.outerHTML !== there.outerHTML) {
    if (here instanceof HTMLElement && here.id === "case-person") keepOpen(here, there);
    here.replaceWith(document.adoptNode(there));
  } else if (here && !there) here.remove();
  else if (!here && there) section.insertBefore(document.adoptNode(there), section.querySelector(".case-links"));
}

/** What was opened to be looked at stays open. @param {Element} here @param {Element} there */
function keepOpen(here, there) {
  const open = [...here.querySelectorAll("details")].map((one) => one.open);
  there.querySelectorAll("details").forEach((one, number) => { one.open ||= open[number] ?? false; });
}

/** Whether somebody has begun to fill it in. @param {Element | null} part */
function isFilledIn(part) {
  const fields = [...part?.querySelectorAll("input, textarea, select") ?? []];
  return fields.some((field) => {
    if (field instanceof HTMLSelectElement) return [...field.options].some((one) => one.selected !== one.defaultSelected && one.value !== "");
    const input = /** @type {HTMLInputElement} */ (field);
    return input.type === "hidden" ? false : input.value !== input.defaultValue || input.checked !== input.defaultChecked;
  });
}

/** The hub asks what becomes of advice that was not sent. @param {HTMLFormElement} form */
function showUnsent(form) {
  const choice = form.querySelector("#case-unsent");
  if (!(choice instanceof HTMLElement)) return;
  choice.hidden = false;
  choice.querySelector("input")?.focus();
}
