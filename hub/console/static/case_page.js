/** The page of one call: its papers, renewed when something of it changes. */
import { news, place } from "./console.js";
import { Papers } from "./case.js";

const papers = new Papers(place("papers"));
let shown = "";

news.addEventListener("rows", () => papers.look());
news.addEventListener("state", (event) => {
  const { calls } = /** @type {CustomEvent<import("./console.js").State>} */ (event).detail;
  const call = calls.find((one) => one.id === document.getElementById("case")?.dataset.call);
  const key = call ? `${call.state} ${call.owner}` : "";
  if (key !== shown) papers.look();
  shown = key;
});
Object.assign(document.body, { papers });
