// Everything the widget itself says, both languages side by side under one key.

/** What a reply field is called and hinted at, by what the assistant expects. */
const GERMAN = {
  name: "Deutsch",
  title: "Datenschutz-Assistent",
  subtitle: "Antwortet automatisch",
  launcher: "Fragen zum Datenschutz",
  unread: /** @param {number} count */ (count) => (count === 1 ? "1 neue Nachricht" : `${count} neue Nachrichten`),
  close: "Schließen",
  otherLanguage: "In English, please.",
  log: "Gesprächsverlauf",
  greeting:
    "Guten Tag. Ich bin der automatische Datenschutz-Assistent dieser Website.\n\nIch beantworte Fragen zur Datenschutzerklärung und nehme Beschwerden und Anträge zu Ihren Daten auf. Bitte schicken Sie mir keine Ausweis-, Konto- oder Kartennummern.",
  starters: ["Welche Rechte habe ich?", "Welche Daten sammeln Sie?", "Ich möchte mich beschweren"],
  you: "Sie",
  assistant: "Assistent",
  send: "Senden",
  private: "Vor Ihrer ersten Nachricht wird nichts gespeichert und nichts gesendet.",
  notice: "Datenschutz",
  save: "Verlauf speichern",
  file: "Datenschutz-Gespraech",
  remove: "Gespräch löschen",
  removeAsk: "Gespräch löschen?",
  removeNote:
    "Der Verlauf verschwindet hier und auf unserem Server. Abgesendete Anfragen mit Aktenzeichen bleiben bestehen.",
  removeYes: "Löschen",
  removeNo: "Behalten",
  removing: "Wird gelöscht …",
  removeFailed: "Das Löschen hat nicht geklappt. Bitte prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.",
  removed: "Das Gespräch ist gelöscht.",
  expired:
    "Das frühere Gespräch ist abgelaufen. Angefangenes daraus ist nicht übernommen; was Sie abgeschickt haben, bleibt " +
    "bestehen. Ihre nächste Nachricht beginnt ein neues Gespräch.",
  waiting: "Noch nicht gesendet. Wir versuchen es weiter.",
  offline: "Keine Verbindung. Ihre Nachricht wird gesendet, sobald Sie wieder online sind.",
  busy: "Gerade gehen viele Nachrichten ein. Ihre wird gleich gesendet.",
  refused: "Diese Nachricht konnte nicht angenommen werden.",
  again: "Jetzt senden",
  loading: "Der Verlauf wird geladen …",
  newMessage: "Zur neuen Nachricht",
  left: /** @param {number} count */ (count) => `Noch ${count} Zeichen`,
  newTab: "öffnet in neuem Tab",
  source: /** @param {string} section @param {string} date */ (section, date) =>
    `Datenschutzerklärung, Abschnitt „${section}“, Stand ${date}`,
  reference: "Aktenzeichen",
  due: "Antwort spätestens am",
  copy: "Nummer kopieren",
  copied: "Kopiert",
  authority: "Aufsichtsbehörde",
  website: "Website der Behörde",
  fields: {
    text: "Ihre Nachricht",
    email: "Ihre E-Mail-Adresse",
    name: "Ihr Name",
    country: "Land oder Ort",
    reference: "Aktenzeichen, zum Beispiel PR-7K3M-9QXW",
    choice: "Wählen oder schreiben",
    confirm: "Bestätigen oder schreiben",
  },
};

/** @typedef {typeof GERMAN} Words */

/** @type {Words} */
const ENGLISH = {
  name: "English",
  title: "Privacy assistant",
  subtitle: "Answers automatically",
  launcher: "Privacy questions",
  unread: (count) => (count === 1 ? "1 new message" : `${count} new messages`),
  close: "Close",
  otherLanguage: "Auf Deutsch, bitte.",
  log: "Conversation",
  greeting:
    "Hello. I am this website's automated privacy assistant.\n\nI answer questions about the privacy statement and take down complaints and requests about your data. Please do not send me identity, account or card numbers.",
  starters: ["What are my rights?", "Which data do you collect?", "I want to complain"],
  you: "You",
  assistant: "Assistant",
  send: "Send",
  private: "Nothing is stored or sent before your first message.",
  notice: "Privacy",
  save: "Save transcript",
  file: "privacy-conversation",
  remove: "Delete conversation",
  removeAsk: "Delete this conversation?",
  removeNote: "It disappears here and on our server. Requests you have sent, with a reference, remain.",
  removeYes: "Delete",
  removeNo: "Keep",
  removing: "Deleting …",
  removeFailed: "Deleting did not work. Please check your connection and try again.",
  removed: "The conversation is deleted.",
  expired:
    "The earlier conversation has expired. Nothing unfinished was carried over; what you sent is not affected. Your next " +
    "message begins a new conversation.",
  waiting: "Not sent yet. We keep trying.",
  offline: "No connection. Your message will be sent as soon as you are online again.",
  busy: "Many messages are coming in just now. Yours will be sent in a moment.",
  refused: "This message could not be accepted.",
  again: "Send now",
  loading: "Loading the conversation …",
  newMessage: "To the new message",
  left: (count) => `${count} characters left`,
  newTab: "opens a new tab",
  source: (section, date) => `Privacy statement, section “${section}”, as of ${date}`,
  reference: "Reference",
  due: "Answer by",
  copy: "Copy reference",
  copied: "Copied",
  authority: "Supervisory authority",
  website: "The authority's website",
  fields: {
    text: "Your message",
    email: "Your e-mail address",
    name: "Your name",
    country: "Country or place",
    reference: "Reference, for example PR-7K3M-9QXW",
    choice: "Choose or write",
    confirm: "Confirm or write",
  },
};

/** @type {Record<import("./text.js").Language, Words>} */
export const WORDS = { de: GERMAN, en: ENGLISH };
