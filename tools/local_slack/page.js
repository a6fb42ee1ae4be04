// Plays a person in the workspace: shows what they see, twice a second, and sends what they do.
const place = { person: "U0ERIKA", channel: null, home: false, thread: null };
let shown = "", state = null;

const post = (what, body) =>
  fetch(`/play/${what}`, { method: "POST", body: JSON.stringify({ person: place.person, ...body }) }).then(look);

function make(tag, attributes = {}, ...children) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Slack's markup as text: links become links, everything else stays text. */
function rich(text, plain = false) {
  const node = make("div", { className: "text" });
  const pattern = plain ? /$^/g : /<([^<>|]+)(?:\|([^<>]*))?>|\*([^*\n]+)\*/g;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    node.append(decoded(text.slice(end, match.index)));
    const [whole, target, label, bold] = match;
    if (bold) node.append(make("strong", {}, rich(bold)));
    else if (/^(https?|mailto):/.test(target)) node.append(make("a", { href: target, target: "_blank" }, decoded(label || target)));
    else node.append(name(target));
    end = match.index + whole.length;
  }
  node.append(decoded(text.slice(end)));
  if (node.querySelector("strong > .text")) node.querySelectorAll("strong > .text").forEach((one) => one.replaceWith(...one.childNodes));
  return node;
}
const decoded = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const name = (target) => "@" + (state.people.find((one) => "@" + one.id === target)?.name ?? "privacy-assistant");

function block(one, click) {
  if (one.type === "section") return rich(one.text.text, one.text.type === "plain_text");
  if (one.type === "header") return make("h3", {}, one.text.text);
  if (one.type === "divider") return make("hr");
  if (one.type === "context") return make("div", { className: "context" }, ...one.elements.map((part) => rich(part.text)));
  if (one.type === "actions") return make("div", { className: "actions" }, ...one.elements.map((part) => element(part, click)));
  return make("div");
}

function element(part, click) {
  if (part.type === "button") {
    const press = () => { if (part.url) window.open(part.url, "_blank"); click(part.action_id); };
    return make("button", { className: part.style ?? "", onclick: press }, part.text.text);
  }
  const choose = make("select", { onchange: () => click(part.action_id, choose.value) }, make("option", { value: "" }, part.placeholder?.text ?? ""));
  choose.append(...part.options.map((option) => make("option", { value: option.value }, option.text.text)));
  return choose;
}

function message(one, channel) {
  const app = Object.values(state.apps)[one.app === "team" ? 1 : 0];
  const who = one.app ? app.name : state.people.find((person) => person.id === one.user)?.name ?? one.user;
  const classes = ["message", one.thread_ts && "reply", one.is_ephemeral && "ephemeral"].filter(Boolean).join(" ");
  const click = (action_id, chosen) => post("click", { channel: channel.id, ts: one.ts, action_id, chosen });
  const shortcuts = one.app ? [] : Object.entries(state.apps.visitors.shortcuts).map(([callback_id, title]) =>
    make("button", { className: "small", onclick: () => post("shortcut", { channel: channel.id, ts: one.ts, callback_id }) }, title));
  const reply = make("button", { className: "small", onclick: () => { place.thread = one.thread_ts ?? one.ts; document.querySelector("#text").placeholder = "Reply in the thread"; document.querySelector("#text").focus(); } }, "Reply in thread");
  const body = one.blocks?.length ? one.blocks.map((part) => block(part, click)) : [rich(one.text)];
  const note = one.is_ephemeral ? make("div", { className: "note" }, "Only visible to you") : null;
  return make("div", { className: classes }, note, make("span", { className: "who" }, who), ...body, one.is_ephemeral ? null : reply, ...shortcuts);
}

function menu() {
  const open = (id) => { Object.assign(place, { channel: id, home: false, thread: null }); shown = ""; draw(); };
  document.querySelector("#person").replaceChildren(...state.people.map((one) => make("option", { value: one.id, selected: one.id === place.person }, `${one.name}, ${one.locale.slice(0, 2)}`)));
  const buttons = (kind) => state.channels.filter((one) => (one.kind === "im") === kind).map((one) => {
    const button = make("button", { onclick: () => open(one.id) }, (kind ? "" : "# ") + one.name);
    if (one.id === place.channel && !place.home) button.setAttribute("aria-current", "true");
    return button;
  });
  document.querySelector("#channels").replaceChildren(...buttons(false));
  const home = make("button", { onclick: () => { place.home = true; shown = ""; post("home", {}); } }, "Home of the assistant");
  if (place.home) home.setAttribute("aria-current", "true");
  document.querySelector("#apps").replaceChildren(...buttons(true), home);
}

/** Messages with the replies of each thread below it. */
function threaded(messages) {
  const first = messages.filter((one) => !one.thread_ts);
  const replies = (ts) => messages.filter((one) => one.thread_ts === ts);
  return first.flatMap((one) => [one, ...replies(one.ts)]);
}

function draw() {
  place.channel ??= state.channels.find((one) => one.kind === "im")?.id;
  const now = JSON.stringify([state, place]);
  if (now === shown) return;
  shown = now;
  menu();
  const list = document.querySelector("#messages");
  const atEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 80;
  const channel = state.channels.find((one) => one.id === place.channel) ?? state.channels[0];
  if (place.home) list.replaceChildren(...(state.home?.blocks ?? []).map((one) => block(one, (action_id) => post("click-home", { action_id }))));
  else list.replaceChildren(...threaded(channel.messages).map((one) => message(one, channel)));
  document.querySelector("#write").hidden = place.home;
  if (atEnd) list.scrollTop = list.scrollHeight;
  modal();
}

function modal() {
  const dialog = document.querySelector("#modal"), view = state.modals.at(-1);
  if (!view) return dialog.close();
  const errors = view.errors ?? {};
  const same = dialog.dataset.view === JSON.stringify([view.id, view.blocks]);
  if (!same) {
    dialog.dataset.view = JSON.stringify([view.id, view.blocks]);
    const filled = () => [...dialog.querySelectorAll("[required]")].every((one) => one.reportValidity());
    const send = () => filled() && post("submit", { view: view.id, state: answers(dialog, view) });
    dialog.replaceChildren(make("h2", {}, view.title.text), ...view.blocks.map(field), make("p", { className: "actions" },
      make("button", { onclick: () => post("close", { view: view.id }) }, view.close?.text ?? "Close"),
      view.submit ? make("button", { className: "primary", onclick: send }, view.submit.text) : null));
  }
  dialog.querySelectorAll(".error").forEach((one) => one.remove());
  for (const [id, text] of Object.entries(errors)) {
    const where = dialog.querySelector(`[data-block="${id}"]`) ?? dialog;
    where.append(make("div", { className: "error", role: "alert" }, text));
  }
  if (!dialog.open) dialog.showModal();
}

function field(one) {
  if (one.type !== "input") return block(one, () => {});
  const kind = one.element.type === "static_select" ? "select" : one.element.multiline ? "textarea" : "input";
  const input = make(kind, { name: one.block_id, required: !one.optional });
  if (kind === "select") input.append(make("option", { value: "" }, one.element.placeholder?.text ?? "Select an option"), ...one.element.options.map((option) => make("option", { value: option.value }, option.text.text)));
  else input.value = one.element.initial_value ?? "";
  const node = make("div", {}, make("label", {}, one.label.text + (one.optional ? "" : " *"), input), one.hint ? make("div", { className: "note" }, one.hint.text) : null);
  node.dataset.block = one.block_id;
  return node;
}

function answers(dialog, view) {
  const values = {};
  for (const one of view.blocks.filter((part) => part.type === "input")) {
    const value = dialog.querySelector(`[name="${one.block_id}"]`).value;
    const answer = one.element.type === "static_select" ? { selected_option: value ? { value } : null } : { value: value || null };
    values[one.block_id] = { [one.element.action_id]: answer };
  }
  return values;
}

async function look() {
  state = await (await fetch(`/play/state?person=${place.person}`)).json();
  draw();
}

document.querySelector("#person").onchange = (event) => { Object.assign(place, { person: event.target.value, channel: null, home: false }); shown = ""; look(); };
document.querySelector("#write").onsubmit = (event) => {
  event.preventDefault();
  const input = document.querySelector("#text");
  if (!input.value.trim()) return;
  post("say", { channel: place.channel, text: input.value, ...(place.thread ? { thread_ts: place.thread } : {}) });
  input.value = ""; input.placeholder = ""; place.thread = null;
};
look();
setInterval(look, 500);
