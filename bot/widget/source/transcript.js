// Writes the conversation down as a plain text file that people can keep.
import { longDate, sourceLine } from "./message.js";
import { plain } from "./text.js";

/**
 * @param {import("./conversation.js").Conversation} conversation
 * @param {import("./words.js").Words} words
 */
export function transcript(conversation, words) {
  const language = /** @type {import("./text.js").Language} */ (conversation.language);
  /** @type {(string | undefined)[]} */
  const lines = [words.title, location.host, new Date().toLocaleString(language, { dateStyle: "long", timeStyle: "short" })];
  for (const turn of conversation.turns) {
    lines.push("", `${words.you}: ${turn.shown}`);
    for (const reply of turn.replies) lines.push("", `${words.assistant}: ${plain(reply.text)}`, ...details(reply, words, language));
  }
  return `${lines.join("\n")}\n`;
}

/**
 * @param {import("./client.js").Message} reply
 * @param {import("./words.js").Words} words
 * @param {import("./text.js").Language} language
 */
function details({ source, ticket, authority }, words, language) {
  const line = sourceLine(source, language);
  return [
    line && `  (${line})`,
    ticket && `  ${words.reference}: ${ticket.reference}`,
    ticket?.due && `  ${words.due}: ${longDate(ticket.due, language)}`,
    authority && `  ${words.authority}: ${[authority.name, authority.website].filter(Boolean).join(", ")}`,
  ].filter(Boolean);
}
