// Draws one message: its text, where an answer comes from, the card of a ticket or an authority, and quick replies.
import { h, icon, say } from "./dom.js";
import { languageOf, link, paragraphs, safeAddress } from "./text.js";
import { WORDS } from "./words.js";

/**
 * @typedef {import("./client.js").Message} Message
 * @typedef {{language: import("./text.js").Language, notice: string | null,
 *   choose: (payload: string, title: string) => void}} Surroundings
 */

/**
 * @param {Message} message
 * @param {Surroundings} around
 */
export function drawReply(message, around) {
  const language = languageOf(message.text, around.language);
  const words = WORDS[language];
  return h(
    "li",
    { class: "reply", lang: language },
    h("span", { class: "unseen" }, `${words.assistant}: `),
    h("div", { class: "text" }, ...paragraphs(message.text, words.newTab)),
    message.source && drawSource(message.source, language, around.notice),
    message.ticket && drawTicket(message.ticket, language),
    message.authority && drawAuthority(message.authority, language),
    message.buttons && drawChoices(message.buttons, around.choose),
  );
}

/**
 * @param {{title: string, payload: string}[]} buttons
 * @param {(payload: string, title: string) => void} choose
 */
export function drawChoices(buttons, choose) {
  const draw = (/** @type {{title: string, payload: string}} */ { title, payload }) =>
    h("li", {}, h("button", { type: "button", class: "choice", click: () => choose(payload, title) }, title));
  return h("ul", { class: "choices" }, ...buttons.map(draw));
}

/**
 * @param {NonNullable<Message["source"]>} source
 * @param {import("./text.js").Language} language
 * @param {string | null} notice the page of the statement; `{section}` in it becomes the section's id
 */
function drawSource(source, language, notice) {
  const words = WORDS[language];
  const line = sourceLine(source, language);
  // What lies outside the statement has a topic and no section.
  if (!line) return null;
  const address = safeAddress(notice?.replace("{section}", encodeURIComponent(source.section ?? "")), document.baseURI);
  return h("p", { class: "source" }, icon("document"), address ? link(line, address, words.newTab) : h("span", {}, line));
}

/**
 * @param {NonNullable<Message["ticket"]>} ticket
 * @param {import("./text.js").Language} language
 */
function drawTicket(ticket, language) {
  const words = WORDS[language];
  const number = h("strong", { class: "number" }, ticket.reference);
  const label = h("span", {}, words.copy);
  const copy = h("button", { type: "button", class: "copy", click: () => copyText(number, label, words) }, icon("copy"), label);
  return h(
    "div",
    { class: "card ticket" },
    h("p", { class: "label" }, words.reference),
    h("p", {}, number),
    ticket.due && h("p", { class: "label" }, words.due),
    ticket.due && h("p", {}, h("time", { datetime: ticket.due }, longDate(ticket.due, language))),
    copy,
  );
}

/**
 * @param {NonNullable<Message["authority"]>} authority
 * @param {import("./text.js").Language} language
 */
function drawAuthority(authority, language) {
  const words = WORDS[language];
  const website = safeAddress(authority.website);
  return h(
    "div",
    { class: "card" },
    h("p", { class: "label" }, words.authority),
    h("p", { class: "name" }, authority.name),
    website && h("p", {}, link(words.website, website, words.newTab)),
  );
}

/**
 * Say in words where an answer comes from.
 * @param {Message["source"]} source
 * @param {import("./text.js").Language} language
 */
export function sourceLine(source, language) {
  if (!source?.section_title || !source.statement_date) return "";
  return WORDS[language].source(source.section_title, longDate(source.statement_date, language));
}

/**
 * Copy a text; where the clipboard is closed to us, mark it so that the visitor can.
 * @param {HTMLElement} from
 * @param {HTMLElement} label
 * @param {import("./words.js").Words} words
 */
async function copyText(from, label, words) {
  try {
    await navigator.clipboard.writeText(from.textContent ?? "");
  } catch {
    getSelection()?.selectAllChildren(from);
    if (!document.execCommand("copy")) return;
  }
  say(label, words.copied);
  setTimeout(() => say(label, words.copy), 4000);
}

/**
 * Write a date of the form 2026-05-25 in words.
 * @param {string} date
 * @param {string} language
 */
export function longDate(date, language) {
  const [year, month, day] = date.split("-").map(Number);
  const moment = new Date(year, month - 1, day);
  if (Number.isNaN(moment.getTime())) return date;
  return moment.toLocaleDateString(language === "de" ? "de" : "en-GB", { dateStyle: "long" });
}
