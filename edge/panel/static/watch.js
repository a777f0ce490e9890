/* Should the page's module not run, or stop, the page loads itself again as it does without scripts. */
"use strict";
setInterval(() => {
  const looked_ms = Number(document.documentElement.dataset.looked || 0);
  if (performance.now() - looked_ms < 15000) return;
  fetch(location.href).then((answer) => { if (answer.ok) location.reload(); }).catch(() => {});
}, 5000);
