import { say } from "./dom.js";

const KEY = "camcors.theme";
const NAMES = { auto: "Auto", light: "Light", dark: "Dark" };

/** @returns {keyof typeof NAMES} */
function stored() {
  try {
    const name = localStorage.getItem(KEY) ?? "auto";
    return name in NAMES ? /** @type {keyof typeof NAMES} */ (name) : "auto";
  } catch {
    return "auto";
  }
}

/**
 * Makes `button` the switch between the system's colours, light and dark.
 * @param {HTMLElement} button whose last child takes the words
 */
export function themeSwitch(button) {
  const show = (/** @type {keyof typeof NAMES} */ name) => {
    document.documentElement.dataset.theme = name;
    say(/** @type {Element} */ (button.lastElementChild), NAMES[name]);
    button.setAttribute("aria-label", `Colours: ${NAMES[name]}. Change`);
  };
  show(stored());
  button.addEventListener("click", () => {
    const names = /** @type {(keyof typeof NAMES)[]} */ (Object.keys(NAMES));
    const next = names[(names.indexOf(stored()) + 1) % names.length];
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage is forbidden: the choice lasts as long as the page.
    }
    show(next);
  });
}
