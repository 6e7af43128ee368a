// SPDX-License-Identifier: Apache-2.0
// Elements: made from text alone, so that nothing a server says can become markup.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "use", "g", "path", "rect", "text"]);

export const $ = (id) => document.getElementById(id);

/** Return a new element; children are elements or text. */
export function make(tag, attributes = {}, ...children) {
  const element = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  return make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, make("use", { href: `#icon-${name}` }));
}

export function button(text, act, sign = "") {
  return make("button", { type: "button", click: act }, sign ? icon(sign) : null, text);
}

/** Say something to those who hear the page. */
export function say(text) {
  $("said").textContent = text;
}
