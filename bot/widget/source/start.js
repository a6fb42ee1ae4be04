// Puts the assistant on a page: one script tag is all a host needs, and links may ask in the visitor's name.
import { PrivacyAssistantElement, setDefaultApi } from "./element.js";

const TAG = "privacy-assistant";
const OPTIONS = ["language", "theme", "position", "notice", "greeting", "label", "api"];

/**
 * @param {HTMLOrSVGScriptElement | null} script the tag that loads the widget, with its data- attributes
 */
export function start(script) {
  if (customElements.get(TAG)) return;
  if (script && "src" in script && script.src) {
    // The script lies in …/webhooks/website/widget/VERSION/, the channel in …/webhooks/webchat.
    setDefaultApi(new URL("../../../webchat", script.src).href);
  }
  customElements.define(TAG, PrivacyAssistantElement);
  document.addEventListener("click", askFromLink);
  const publish = () => {
    const element = present() ?? create(script);
    Object.assign(window, { PrivacyAssistant: api(element) });
    document.dispatchEvent(new CustomEvent(`${TAG}:ready`));
  };
  if (document.body) publish();
  else document.addEventListener("DOMContentLoaded", publish, { once: true });
}

/** @returns {PrivacyAssistantElement | null} */
function present() {
  return document.querySelector(TAG);
}

/** @param {HTMLOrSVGScriptElement | null} script */
function create(script) {
  const element = document.createElement(TAG);
  for (const name of OPTIONS) {
    const value = script?.dataset[name];
    if (value !== undefined) element.setAttribute(name, value);
  }
  if (script?.dataset.manual === undefined) document.body.append(element);
  return /** @type {PrivacyAssistantElement} */ (element);
}

/**
 * The few things a page can do; they go to the element that is on the page now, because apps replace parts of a page.
 * @param {PrivacyAssistantElement} first
 */
function api(first) {
  const element = () => present() ?? first;
  return Object.freeze({
    open: () => element().open(),
    close: () => element().close(),
    send: (/** @type {string} */ text) => element().send(text),
    on: (/** @type {string} */ name, /** @type {(detail: any) => void} */ hear) => {
      const listener = (/** @type {Event} */ event) => hear(/** @type {CustomEvent} */ (event).detail);
      document.addEventListener(`${TAG}:${name}`, listener);
      return () => document.removeEventListener(`${TAG}:${name}`, listener);
    },
  });
}

/**
 * A link or button with data-privacy-ask asks its question in the panel; an empty one only opens the panel.
 * @param {MouseEvent} event
 */
function askFromLink(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey) return;
  const asked = event.target instanceof Element ? event.target.closest("[data-privacy-ask]") : null;
  const element = present();
  if (!asked || !element) return;
  event.preventDefault();
  const question = asked.getAttribute("data-privacy-ask");
  if (question) element.send(question);
  else element.open();
}
