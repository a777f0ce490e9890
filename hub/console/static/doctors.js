/** Bring a doctor into a call: by roster, one after the other, or by a link that works once. */
import { t } from "../../../web/words.js";
import { read } from "./call_deeds.js";
import { choose } from "./chooser.js";
import { give } from "./deeds.js";
import { post, tellUser } from "./page.js";
import { calls } from "./stream.js";

/** @typedef {import("./stream.js").Call} Call
 * @typedef {{name: string, unit: string, specialties: string[], account: string | null, phone: string | null,
 *   is_ready: boolean, is_there: boolean}} Doctor */

const LINK = "link";

/** Ask whom. @param {Call} call */
export async function inviteDoctor(call) {
  /** @type {Doctor[]} */
  let doctors = [];
  const choices = read(`/calls/${call.id}/helpers`).then((/** @type {any} */ found) => {
    if (!found) return null;
    doctors = found.doctors;
    return [...turns(found.specialties, doctors), ...doctors.flatMap(choice),
      { value: LINK, text: t("Gửi đường dẫn cho bác sĩ khác"), note: t("dùng được một lần, trong 15 phút") }];
  });
  const value = await choose(t("Mời bác sĩ nào?"), choices, t("Không có bác sĩ nào trong danh sách."));
  const now = calls.get(call.id);
  if (value === null || !now) return;
  if (value === LINK) return makeLink(now);
  const [kind, ...rest] = value.split(" "), name = rest.join(" ");
  if (kind === "transfer") return void await give(now, "transfer", "ask", { kind: "transfer", to: name });
  if (kind === "phone") return callByPhone(doctors[Number(name)]);
  await give(now, "doctor", "invite", kind === "specialty" ? { specialty: name } : { to: name });
}

/** Of each specialty with a doctor who is ready: all of them in turn. @param {string[]} specialties @param {Doctor[]} doctors */
function turns(specialties, doctors) {
  return specialties.flatMap((specialty) => {
    const asked = doctors.filter((one) => one.account && one.is_ready && !one.is_there
      && one.specialties.some((name) => name.toLowerCase() === specialty.toLowerCase()));
    const names = asked.map((one) => one.name).join(" → ");
    return asked.length ? [{ value: `specialty ${specialty}`, text: specialty, note: t("lần lượt, mỗi người 30 s: {names}", { names }) }] : [];
  });
}

/** @param {Doctor} doctor @param {number} at */
function choice(doctor, at) {
  if (doctor.is_there) return doctor.account ? [{ value: `transfer ${doctor.account}`,
    text: t("Chuyển hẳn cho {name}", { name: doctor.name }), note: t("bác sĩ trở thành người giữ cuộc gọi") }] : [];
  const where = [doctor.unit, ...doctor.specialties].filter(Boolean).join(", ");
  if (doctor.account) {
    const state = doctor.is_ready ? t("đang trực") : t("không trực");
    return [{ value: `account ${doctor.account}`, text: doctor.name, note: [state, where].filter(Boolean).join(" · ") }];
  }
  const phone = doctor.phone ? t("gọi điện thoại {phone}", { phone: doctor.phone }) : "";
  return doctor.phone ? [{ value: `phone ${at}`, text: doctor.name, note: [phone, where].filter(Boolean).join(" · ") }] : [];
}

/** @param {Doctor} doctor */
function callByPhone(doctor) {
  tellUser(t("{name}: gọi số {phone}. Muốn bác sĩ xem được trạm thì gửi thêm đường dẫn.",
    { name: doctor.name, phone: doctor.phone ?? "" }));
}

/** Ask for a name, make the link, show it. @param {Call} call */
function makeLink(call) {
  const dialog = document.createElement("dialog"), form = document.createElement("form");
  const label = document.createElement("label"), name = document.createElement("input"), button = document.createElement("button");
  dialog.className = "chooser";
  dialog.setAttribute("aria-label", t("Đường dẫn cho bác sĩ khác"));
  label.textContent = t("Tên bác sĩ, như trạm sẽ thấy");
  label.htmlFor = name.id = "guest-name";
  name.required = true;
  name.maxLength = 40;
  name.autocomplete = "off";
  button.className = "primary";
  button.textContent = t("Tạo đường dẫn");
  form.append(label, name, button);
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    const answer = await post(`/calls/${call.id}/link`, { name: name.value });
    button.disabled = false;
    if (answer?.url) showLink(dialog, form, answer);
    else tellUser(answer?.error ? t(answer.error) : t("Chưa làm được: mất liên lạc với trung tâm. Hãy thử lại."));
  });
  document.body.append(dialog);
  dialog.showModal();
  name.focus();
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form @param {{url: string, name: string}} made */
function showLink(dialog, form, made) {
  const text = document.createElement("p"), link = document.createElement("input"), copy = document.createElement("button");
  const close = document.createElement("button");
  text.textContent = t("Gửi đường dẫn này cho {name}. Ai mở trước thì vào được, và chỉ một lần, trong 15 phút.", { name: made.name });
  link.readOnly = true;
  link.value = made.url;
  link.id = "guest-link";
  link.setAttribute("aria-label", t("Đường dẫn"));
  copy.className = "primary";
  copy.textContent = t("Chép");
  copy.addEventListener("click", async () => {
    link.select();
    const isCopied = await navigator.clipboard?.writeText(made.url).then(() => true, () => false);
    copy.textContent = isCopied ? t("Đã chép") : t("Nhấn Ctrl C để chép");
  });
  close.textContent = t("Đóng");
  close.addEventListener("click", () => dialog.close());
  const deeds = document.createElement("div");
  deeds.className = "deeds";
  deeds.append(copy, close);
  form.remove();
  dialog.append(text, link, deeds);
  copy.focus();
}
