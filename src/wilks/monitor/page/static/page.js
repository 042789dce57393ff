// The overview is looked at anew every ten seconds, but not while somebody fills in a form or reads older batches.
"use strict";
const PERIOD_MS = 10000;
function isBusy() {
  const fields = [...document.querySelectorAll("input")];
  const isFilled = fields.some((one) => one.value !== one.defaultValue);
  return isFilled || document.querySelector("details[open]") !== null || document.hidden;
}
if (location.search === "") {
  setInterval(() => { if (!isBusy()) { location.reload(); } }, PERIOD_MS);
}
