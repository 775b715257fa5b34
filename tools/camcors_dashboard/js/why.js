import { button, h } from "./dom.js";

/**
 * A command, with a button that copies it.
 * @param {string} command
 */
export function commandLine(command) {
  const copy = button("Copy", "copy", async () => {
    const words = /** @type {Element} */ (copy.lastChild);
    try {
      await navigator.clipboard.writeText(command);
      words.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(code); // without permission the person copies by hand
      words.textContent = "Selected";
    }
    setTimeout(() => (words.textContent = "Copy"), 2000);
  }, { class: "quiet small", "aria-label": `Copy the command ${command}` });
  const code = h("code", { tabindex: "0" }, command);
  return h("div", { class: "command" }, code, copy);
}

/**
 * What is wrong, what fixes it, and how that was found out.
 * @param {import("./diagnose.js").Diagnosis} found
 * @param {{short?: boolean, level?: number}} [options] short: one command, or what is brief; no facts
 */
export function whyBox(found, { short = false, level = 3 } = {}) {
  const commands = short && !found.brief ? found.commands.slice(0, 1) : found.commands;
  const words = short && commands.length ? found.brief : found.text;
  return h(
    "div",
    { class: "why", "data-cause": found.cause },
    h(`h${level}`, {}, found.title),
    words ? h("p", {}, words) : null,
    commands.length && !short ? h("p", { class: "dim" }, "Run in a terminal:") : null,
    ...commands.map(commandLine),
    found.open && !short ? h("p", {}, h("a", { href: found.open, target: "_blank", rel: "noopener noreferrer" }, `Open ${found.open}`)) : null,
    short || !found.facts.length
      ? null
      : h("details", {}, h("summary", {}, "How this was found out"), h("ul", {}, ...found.facts.map((fact) => h("li", {}, fact)))),
  );
}
