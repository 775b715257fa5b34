/** The token that a camera asks for: where a person writes it, and what is kept of it. */

import { h, say } from "./dom.js";

const TOKEN = /^camcors_[0-9a-z]{26}$/i; // access/secret.py
export const HOW = "A token is “camcors_” and 26 letters and digits.";

/** A token, or null for what is none. @param {unknown} value */
export function tokenOf(value) {
  return typeof value === "string" && TOKEN.test(value) ? value : null;
}

/**
 * The field for a camera's token.
 * @param {string} name of the camera @param {(token: string) => void} keep
 */
export function tokenForm(name, keep) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "password", autocomplete: "off", placeholder: "Token", "aria-label": `Token of ${name}` })
  );
  const fault = h("p", { class: "field-error", role: "alert" });
  const form = h(
    "form",
    { class: "token", novalidate: true },
    h("div", { class: "token-line" }, input, h("button", { type: "submit", class: "primary" }, "Log in")),
    fault,
    h("p", { class: "dim" }, "Kept in this browser, and sent to this camera only."),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const token = tokenOf(input.value.trim());
    if (token) return keep(token);
    say(fault, HOW);
    input.setAttribute("aria-invalid", "true");
    input.focus();
  });
  return form;
}
