// Turns a message's text into nodes: paragraphs, and links only to addresses that cannot run anything.
import { h } from "./dom.js";

const LINK = /\[([^[\]]{1,300})\]\(([^()\s]{1,2000})\)/g;
const SAFE_SCHEMES = ["https:", "http:", "mailto:", "tel:"];
/** Frequent little words that only one of the two languages has. */
const GERMAN = words(
  "der die das den dem des am als zuletzt und oder ist sind nicht kein keine sie ihre? ihre[nmrs] ich wir es zu zum zur eine? eine[nmrs]? für mit auf aus bei von vom an im um wie welche[nmrs]? haben habe hat werden wird kann können soll sollen möchten? bitte danke gut hier noch dann wenn dass auch nur",
);
const ENGLISH = words(
  "the and or is are not no you your i we us to of for with from on at by it this that there here how what which who have has be been can could should would like do does did please thank thanks good then if only also",
);

/** @typedef {"de" | "en"} Language */

/**
 * Write a text as paragraphs with its links.
 * @param {string} text
 * @param {string} newTab what screen readers are told about links that open a tab
 * @returns {HTMLParagraphElement[]}
 */
export function paragraphs(text, newTab) {
  return text.split(/\n{2,}/).map((part) => h("p", { dir: "auto" }, ...withLinks(part.trim(), newTab)));
}

/**
 * Write a text on one line as plain words, the way a transcript needs it.
 * @param {string} text
 */
export function plain(text) {
  return text.replace(LINK, (_, label, address) => {
    const bare = address.replace(/^(mailto|tel):/, "");
    return label === bare ? label : `${label} (${bare})`;
  });
}

/**
 * @param {string} text
 * @param {string} newTab
 * @returns {(Node | string)[]}
 */
function withLinks(text, newTab) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = safeAddress(match[2]);
    if (!address) continue;
    parts.push(text.slice(end, match.index), link(match[1], address, newTab));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

/**
 * Make a link; one that leads to another page opens a tab, so that the conversation stays.
 * @param {string} label
 * @param {string} address
 * @param {string} newTab
 */
export function link(label, address, newTab) {
  const leaves = /^http/.test(address);
  return h(
    "a",
    { href: address, rel: "noopener noreferrer", target: leaves ? "_blank" : null },
    label,
    leaves && h("span", { class: "unseen" }, ` (${newTab})`),
  );
}

/**
 * Return the address when it is one a message may link to.
 * @param {string | null | undefined} address
 * @param {string} [base] for addresses the host page gave, which may be relative
 * @returns {string | null}
 */
export function safeAddress(address, base) {
  if (!address || !URL.canParse(address, base)) return null;
  const parsed = new URL(address, base);
  return SAFE_SCHEMES.includes(parsed.protocol) ? parsed.href : null;
}

/**
 * Guess which of the two languages a text is in, for screen readers; messages do not say it.
 * @param {string} text
 * @param {Language} fallback
 * @returns {Language}
 */
export function languageOf(text, fallback) {
  const german = (text.match(GERMAN) ?? []).length + (text.match(/[äöüß]/gi) ?? []).length;
  const english = (text.match(ENGLISH) ?? []).length;
  if (german === english) return fallback;
  return german > english ? "de" : "en";
}

/** @param {string} list */
function words(list) {
  return new RegExp(`(?<![\\p{L}-])(?:${list.replaceAll(" ", "|")})(?![\\p{L}-])`, "giu");
}
