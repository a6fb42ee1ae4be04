// Builds DOM nodes without markup strings, so that nothing a message says can ever become markup.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Create an element; a property that is a function listens to the event of its name, null leaves an attribute out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | null | undefined | ((event: any) => void)>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else set(node, name, value);
  }
  node.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return node;
}

/**
 * Set an attribute, or take it away when the value is missing or false; unchanged ones are not touched, because
 * screen readers listen to changes.
 * @param {Element} node
 * @param {string} name
 * @param {string | boolean | null | undefined} value
 */
export function set(node, name, value) {
  const wanted = value === true ? "" : value;
  if (wanted == null || wanted === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== wanted) node.setAttribute(name, wanted);
}

/**
 * Set an element's text unless it already says so.
 * @param {Element} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const SVG = "http://www.w3.org/2000/svg";

/** The drawings, as paths in a square of 24. */
export const ICONS = {
  assistant: "M12 3 5 6v5c0 4.6 2.9 8.2 7 10 4.1-1.8 7-5.4 7-10V6l-7-3Zm-3 8.5h6M9 14.5h4",
  close: "m6 6 12 12M18 6 6 18",
  send: "M12 19V5m-6 6 6-6 6 6",
  copy: "M9 9h10v11H9zM5 15V4h10",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  down: "M12 5v14m-6-6 6 6 6-6",
};

/**
 * Draw an icon; it is decoration, the words beside it carry the meaning.
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  set(drawing, "viewBox", "0 0 24 24");
  set(drawing, "aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  set(path, "d", ICONS[name]);
  drawing.append(path);
  return drawing;
}
