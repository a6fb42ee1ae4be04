/* Why this file exists: what the desk's pages cannot do by themselves — single-key shortcuts, choosing several tickets at
   once, and saying when the live queue has lost its connection. Every page works without it. */
"use strict";

const root = document.documentElement;
const shortcutsOn = root.dataset.shortcuts === "on";

/* ---------- Rows ---------- */
const rows = () => [...document.querySelectorAll("[data-row]")];
const rowLink = (row) => row.querySelector("[data-open]");
const currentRow = () => document.activeElement?.closest("[data-row]") ?? null;

function moveBy(step) {
  const all = rows();
  if (all.length === 0) return;
  const here = all.indexOf(currentRow());
  const next = here === -1 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1);
  rowLink(all[next]).focus();
  all[next].scrollIntoView({ block: "nearest" });
}

/* A shortcut presses what is on the page already; what is not there for this role cannot be pressed. */
function press(name) {
  const target = currentRow()?.querySelector(`[data-key="${name}"]`) ?? document.querySelector(`main [data-key="${name}"]`);
  if (!target) return false;
  target.click();
  return true;
}

function toggleRow() {
  const box = currentRow()?.querySelector("input[type=checkbox]");
  if (!box) return false;
  box.click();
  return true;
}

/* In the list, a key that nothing was chosen for means the row the keyboard stands on. */
function take() {
  const row = currentRow();
  const bulk = document.getElementById("bulk");
  if (bulk?.hidden) {
    const box = row?.querySelector("input[name=references]");
    if (!box) return false;
    box.checked = true;
  }
  return press("a");
}

function reply() {
  const row = currentRow();
  if (!row) return press("r");
  if (!row.querySelector("input[name=references]")) return false;
  window.location.assign(`${rowLink(row).getAttribute("href")}/letters/answer`);
  return true;
}

const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

const keys = {
  j: () => moveBy(1),
  k: () => moveBy(-1),
  o: () => { const row = currentRow(); if (row) rowLink(row).click(); else return false; },
  x: toggleRow,
  a: take,
  r: reply,
  n: () => { const field = document.querySelector("[data-key=n]"); if (!field) return false; field.focus(); },
  u: () => press("u"),
  "/": () => document.getElementById("search")?.focus(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (!shortcutsOn || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const run = keys[event.key];
  if (!run || run() === false) return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (event.target.closest("[data-print]")) window.print();
});

/* ---------- Choosing several ---------- */
const chosen = new Set();

function showChosen() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const boxes = [...document.querySelectorAll("input[name=references]")];
  const count = boxes.filter((box) => box.checked).length;
  bar.hidden = count === 0;
  const label = bar.querySelector("[data-chosen]");
  if (label) label.textContent = label.dataset.chosen.replace("{count}", String(count));
  const all = document.querySelector("[data-all]");
  if (!all) return;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    document.querySelectorAll("input[name=references]").forEach((box) => {
      box.checked = event.target.checked;
      box.checked ? chosen.add(box.value) : chosen.delete(box.value);
    });
  }
  if (event.target.name === "references") {
    event.target.checked ? chosen.add(event.target.value) : chosen.delete(event.target.value);
  }
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  showChosen();
});

/* ---------- Live queue: what was chosen and where the keyboard stood survives an update ---------- */
let stood = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "queue") return;
  stood = currentRow()?.dataset.row ?? null;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "queue") return;
  document.querySelectorAll("input[name=references]").forEach((box) => { box.checked = chosen.has(box.value); });
  if (stood) document.querySelector(`[data-row="${stood}"] [data-open]`)?.focus();
  showChosen();
});

function showConnection(lost) {
  document.querySelectorAll(".live").forEach((sign) => {
    sign.classList.toggle("lost", lost);
    sign.textContent = lost ? sign.dataset.lost : sign.dataset.live;
  });
}
document.addEventListener("htmx:sendError", () => showConnection(true));
document.addEventListener("htmx:responseError", () => showConnection(true));
document.addEventListener("htmx:afterOnLoad", () => showConnection(false));

/* ---------- Paper: a letter that is folded on the screen is not left out ---------- */
let unfolded = [];
window.addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details.letter:not([open])")];
  unfolded.forEach((letter) => { letter.open = true; });
});
window.addEventListener("afterprint", () => unfolded.forEach((letter) => { letter.open = false; }));

showChosen();
