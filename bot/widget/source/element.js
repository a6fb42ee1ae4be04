// The custom element: holds one conversation in a shadow root that the host page's styles do not reach.
import { Client } from "./client.js";
import { Conversation } from "./conversation.js";
import { Keeping } from "./keeping.js";
import { Panel } from "./panel.js";
import css from "./style.js";
import { Tabs } from "./tabs.js";

/** What session recorders look for to leave something out. */
const UNRECORDED = ["rr-block", "sentry-block", "ph-no-capture", "highlight-block"];
/** Where the channel is when nobody says so; set from the script's own address. */
const defaults = { api: "/webhooks/webchat" };

/** @param {string} address */
export function setDefaultApi(address) {
  defaults.api = address;
}

/** @type {CSSStyleSheet | undefined} */
let sheet;

export class PrivacyAssistantElement extends HTMLElement {
  static observedAttributes = ["language", "theme", "position"];

  /** @type {Panel | null} */
  #panel = null;
  /** @type {Conversation | null} */
  #conversation = null;
  #isDrawing = false;

  connectedCallback() {
    if (this.#panel || isAnother(this)) return;
    this.classList.add(...UNRECORDED);
    this.setAttribute("data-hj-suppress", "");
    this.setAttribute("data-clarity-mask", "true");
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles()];
    this.#begin(root);
  }

  disconnectedCallback() {
    this.#conversation?.stop();
    this.#panel?.stop();
    this.shadowRoot?.replaceChildren();
    this.#conversation = this.#panel = null;
  }

  attributeChangedCallback() {
    if (!this.#panel || !this.#conversation) return;
    const language = this.getAttribute("language");
    if ((language === "de" || language === "en") && !this.#conversation.exists) this.#conversation.language = language;
    this.#dress();
    this.#panel.render();
  }

  /** Show the panel. */
  open() {
    this.#panel?.open();
  }

  /** Hide the panel. */
  close() {
    this.#panel?.close();
  }

  /**
   * Say something in the visitor's name, as after a click on "ask about this"; opens the panel.
   * @param {string} text
   */
  send(text) {
    const trimmed = String(text).trim().slice(0, 2000);
    if (!trimmed || !this.#panel) return;
    this.#panel.open();
    this.#panel.send(trimmed);
  }

  /** @param {ShadowRoot} root */
  #begin(root) {
    const api = new URL(this.getAttribute("api") ?? defaults.api, document.baseURI).href.replace(/\/+$/, "");
    const key = `privacy-assistant:${api}`;
    const conversation = new Conversation(
      new Client(api),
      new Keeping(key),
      (hear) => new Tabs(key, hear),
      preferredLanguage(this),
      ({ reply }) => {
        if (reply) this.#arrived(reply);
        this.#draw();
      },
    );
    this.#conversation = conversation;
    conversation.restore();
    this.#panel = new Panel(conversation, {
      notice: this.getAttribute("notice"),
      greeting: this.getAttribute("greeting"),
      label: this.getAttribute("label"),
      inline: this.getAttribute("position") === "inline",
      tell: (name, detail) => this.#tell(name, detail),
    });
    this.#dress();
    root.replaceChildren(this.#panel.root);
    this.#panel.start();
  }

  /** Draw once for all the changes of a moment. */
  #draw() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      this.#panel?.render();
    });
  }

  /** @param {import("./client.js").Message} reply */
  #arrived(reply) {
    this.#panel?.arrived(reply);
    this.#tell("message", { unread: this.#panel?.unread ?? 0 });
    if (reply.ticket) this.#tell("ticket", { kind: reply.ticket.kind });
  }

  #dress() {
    const root = this.#panel?.root;
    if (!root) return;
    root.dataset.theme = this.getAttribute("theme") ?? "auto";
    const position = this.getAttribute("position") ?? "end";
    root.dataset.position = position === "inline" ? position : side(position);
  }

  /**
   * Tell the page what happened; never what was said.
   * @param {string} name
   * @param {object} [detail]
   */
  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(`privacy-assistant:${name}`, { detail, bubbles: true }));
  }
}

/**
 * Whether the page already has an assistant of its own; a second launcher would lie on the first.
 * @param {Element} element
 */
function isAnother(element) {
  const first = document.querySelector(element.localName);
  return element.getAttribute("position") !== "inline" && first !== null && first !== element;
}

/**
 * The side of the screen: a page that runs from right to left has its end on the left.
 * @param {string} position
 */
function side(position) {
  const isMirrored = getComputedStyle(document.documentElement).direction === "rtl";
  return position === "left" || position === "right" ? position : (position === "start") === isMirrored ? "right" : "left";
}

function styles() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}

/**
 * The language asked for, else the page's, else the browser's, else English.
 * @param {Element} element
 */
function preferredLanguage(element) {
  const wishes = [element.getAttribute("language"), document.documentElement.lang, ...navigator.languages];
  const short = wishes.map((wish) => (wish ?? "").slice(0, 2).toLowerCase());
  return short.find((wish) => wish === "de" || wish === "en") ?? "en";
}
