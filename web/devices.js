/** The devices of a view: each with its name, what is the matter with it, and its numbers. */
import { HubClock } from "./ages.js";
import { BigValue } from "./values.js";
import { phrases, t } from "./words.js";

/** @typedef {import("./live_texts.js").Device} Device @typedef {import("./live_texts.js").Reading} Reading */

/** @param {HTMLElement} parent @param {string} tag @param {string} name */
function part(parent, tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  parent.append(element);
  return element;
}

/** @param {string} word */
function stateText(word) {
  return word === "gone" ? t("đã rút") : word === "silent" ? t("im lặng") : "";
}

/** One device: two of a kind stand beside one another, and nothing of theirs is merged. */
class DeviceGroup {
  /** @param {HTMLElement} place @param {string} device */
  constructor(place, device) {
    this.isListed = false;
    this.section = part(place, "section", "device");
    this.section.dataset.device = device;
    const head = part(this.section, "div", "device-head");
    this._name = part(head, "strong", "device-name");
    this._state = part(head, "span", "device-state");
    this._unverified = part(head, "span", "unverified");
    this._notices = part(this.section, "ul", "device-notices");
    this._notices.setAttribute("role", "status");
    this._values = part(this.section, "div", "device-values");
    /** @type {Map<number, BigValue>} by stream */
    this.numbers = new Map();
  }

  /** @param {string} name */
  call(name) {
    if (this._name.textContent === name) return;
    this._name.textContent = this._name.title = name;
  }

  /** @param {Device} device */
  show(device) {
    this.call(device.name);
    this.section.dataset.word = device.word;
    this._state.textContent = stateText(device.word);
    this._unverified.textContent = device.unverified ? t("chưa kiểm chứng") : "";
    this._unverified.title = phrases(device.unverified ?? "");
    const words = device.notices.map(({ key, values }) => t(key, values));
    if (this._notices.dataset.words === words.join()) return;
    this._notices.dataset.words = words.join();
    this._notices.replaceChildren();
    for (const word of words) part(this._notices, "li", "").textContent = word;
  }

  /** @param {Reading} reading @param {HubClock} clock */
  read(reading, clock) {
    let number = this.numbers.get(reading.stream);
    if (!number) {
      number = new BigValue();
      number.dataset.mdc = String(reading.mdc);
      number.clock = clock;
      this.numbers.set(reading.stream, number);
      this._values.append(number);
    }
    number.reading = reading;
  }

  /** Take away the numbers of streams that are no more. @param {Set<number>} streams */
  keep(streams) {
    for (const [stream, number] of this.numbers) {
      if (streams.has(stream)) continue;
      number.remove();
      this.numbers.delete(stream);
    }
  }
}

/** All of them, in the hub's order. */
export class DeviceList {
  /** @param {HTMLElement} place @param {HubClock} clock */
  constructor(place, clock) {
    this._place = place;
    this._clock = clock;
    /** @type {Map<string, DeviceGroup>} */
    this._groups = new Map();
  }

  /** Another person: every number goes at once. */
  forget() {
    for (const group of this._groups.values()) for (const number of group.numbers.values()) number.reading = null;
  }

  /** @param {Device[]} devices all there are */
  showDevices(devices) {
    for (const group of this._groups.values()) group.isListed = false;
    /** @type {HTMLElement | null} */
    let before = null;
    for (const device of devices) {
      const group = this._group(device.device);
      group.isListed = true;
      group.show(device);
      if (before && before.nextElementSibling !== group.section) before.after(group.section);
      before = group.section;
    }
    this._removeEmpty();
  }

  /** @param {Reading[]} readings all there are */
  showValues(readings) {
    for (const [device, group] of this._groups) {
      group.keep(new Set(readings.filter((one) => one.device === device).map((one) => one.stream)));
    }
    for (const reading of readings) {
      const group = this._group(reading.device);
      group.call(reading.device_name);
      group.read(reading, this._clock);
    }
    this._removeEmpty();
  }

  /** @param {string} device */
  _group(device) {
    const known = this._groups.get(device);
    if (known) return known;
    const group = new DeviceGroup(this._place, device);
    this._groups.set(device, group);
    return group;
  }

  _removeEmpty() {
    for (const [device, group] of this._groups) {
      if (group.isListed || group.numbers.size) continue;
      group.section.remove();
      this._groups.delete(device);
    }
  }
}
