import { button, h } from "./dom.js";

const SHOWN_MS = 10_000;

/**
 * A line at the bottom that goes by itself, not while the person is at it.
 * @param {string} words
 * @param {{label: string, act: () => void}} [action]
 */
export function toast(words, action) {
  const place = /** @type {HTMLElement} */ (document.getElementById("toasts"));
  const box = h("div", { class: "toast" }, h("span", {}, words));
  let timer = 0;
  const leave = () => box.remove();
  const wait = () => (timer = setTimeout(leave, SHOWN_MS));
  const stay = () => clearTimeout(timer);
  if (action) {
    box.append(h("button", { type: "button", class: "quiet", onclick: () => (leave(), action.act()) }, action.label));
  }
  box.append(button("Dismiss", "no", leave, { class: "quiet small icon-only" }));
  box.addEventListener("pointerenter", stay);
  box.addEventListener("focusin", stay);
  box.addEventListener("pointerleave", wait);
  box.addEventListener("focusout", wait);
  place.replaceChildren(box);
  wait();
}
