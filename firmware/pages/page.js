/**
 * The camera's own page: the live picture, its settings, and what the camera says of itself. It asks api/status
 * every few seconds and follows what others set meanwhile. Its words, and their order, are the dashboard's. Its
 * addresses are relative: a proxy may have put the page below a path of its own.
 *
 * A token, typed or of a link's `#token=`, becomes a session, whose cookie no script reads; the page keeps none.
 */

/** @typedef {import("./api.js").Status} Status */
/** @typedef {import("./api.js").Settings} Settings */
/** @typedef {import("./api.js").Range} Range */
/** @typedef {import("./api.js").Value} Value */

const POLL_MS = 3000;
const GRACE_MS = 4000; // until the camera counts a stream that has just begun
const KEPT_MS = 9000; // a saved picture, until the browser has written it
const LOG_IN = "Log in";
const LAMP = { min: 0, max: 100 };
const NAMES = { hmirror: "Mirror", vflip: "Upside down", led: "Lamp", standby_s: "Standby after (s)" };

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const view = /** @type {HTMLImageElement} */ (find("view"));
const tokenField = /** @type {HTMLInputElement} */ (find("token"));
const [heading, stateLine, cover, hold, form, main, login, refusal, who] = [
  "name", "state", "say", "hold", "form", "main", "login", "refusal", "who",
].map(find);

let isLive = false;
let isHeld = false;
let startedAt = 0;
let shown = ""; // the settings and the lamp as the form has them

/** Covers the picture with `text`, "" for none. @param {string} text */
function say(text) {
  cover.textContent = text;
  cover.hidden = !text;
}

/** @param {""|"ok"|"bad"} kind @param {string} text */
function mark(kind, text) {
  if (stateLine.textContent !== text) stateLine.textContent = text; // a live region speaks at each write
  stateLine.className = kind;
}

/** What went wrong with something that the person did. @param {string} text */
function note(text) {
  find("note").textContent = text;
}

/**
 * @param {string} path
 * @param {object} [change] @param {string} [method]
 */
async function request(path, change, method = change ? "PUT" : "GET") {
  // X-Requested-With: a browser opens its own log-in for the camera's 401 to others.
  const headers = { "Content-Type": "application/json", "X-Requested-With": "camcors" };
  const response = await fetch(path, { method, headers, body: JSON.stringify(change) });
  if (!response.ok) throw Object.assign(new Error(await errorOf(response)), { status: response.status });
  return response;
}

/** @param {Response} response */
async function errorOf(response) {
  const text = await response.text();
  try {
    const { error, remedy } = JSON.parse(text);
    return [error || text, remedy].filter(Boolean).join("; ");
  } catch {
    return text || `Error ${response.status}`;
  }
}

/** @template T @param {string} path @returns {Promise<T>} the camera's own word: this page came from it */
const read = async (path) => (await request(path)).json();

/** @param {unknown} error fetch() throws a TypeError where nothing came */
const wordsOf = (error) => (error instanceof TypeError ? "The camera does not answer." : /** @type {Error} */ (error).message);

/** Logs in with the token of the page's address, which is in no history then, and starts. */
function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return poll();
  history.replaceState(null, "", location.pathname + location.search);
  return logIn(token);
}

/** @param {string} token */
async function logIn(token) {
  try {
    await request("api/session", { token }, "POST");
    login.hidden = true;
    tokenField.value = "";
  } catch (error) {
    ask(wordsOf(error));
  }
  return poll();
}

/** Asks for a token. @param {string} why */
function ask(why) {
  refusal.textContent = why;
  login.hidden = false;
}

login.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(tokenField.value.trim());
});

who.onclick = async () => {
  if (who.textContent === LOG_IN) return ask("");
  try {
    await request("api/session", undefined, "DELETE");
  } catch (error) {
    note(wordsOf(error));
  }
  return poll();
};

function play() {
  if (isHeld) return;
  isLive = true;
  startedAt = Date.now();
  view.hidden = false;
  view.src = `api/stream?n=${startedAt}`;
}

function stop() {
  isLive = false;
  view.removeAttribute("src");
  view.hidden = true;
}

view.onerror = () => {
  if (!isLive) return;
  stop();
  poll();
};

hold.onclick = () => {
  isHeld = !isHeld;
  hold.textContent = isHeld ? "Resume" : "Pause";
  stop();
  say(isHeld ? "Paused" : "");
  poll(); // before the picture: for an <img> that gets a 401 a browser opens its own log-in
};

find("shot").onclick = async () => {
  try {
    const link = element("a");
    link.href = URL.createObjectURL(await (await request("api/capture")).blob());
    link.download = fileName();
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
    note("");
  } catch (error) {
    note(wordsOf(error));
  }
};

/** The camera's name and the time, without what a file's name may not have. */
function fileName() {
  const time = new Date().toISOString().slice(0, 19).replace(/:/g, "").replace("T", "-");
  return `${document.title.replace(/[^\p{L}\p{N}.-]+/gu, "-")}-${time}.jpg`;
}

/** @param {number} seconds */
function duration(seconds) {
  const [days, hours, minutes] = [seconds / 86400, (seconds % 86400) / 3600, (seconds % 3600) / 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/** @param {Status} status */
function showFacts({ board, camera, firmware, micropython, uptime_s, frames, clients, policy, access }) {
  const facts = {
    Camera: camera.name,
    Board: board,
    Firmware: firmware,
    MicroPython: micropython,
    "Running for": duration(uptime_s),
    Viewers: `${clients.viewers} of ${clients.viewers_max}`,
    "Pictures taken": frames.captured.toLocaleString("en"),
    "Pictures failed": frames.failed,
    Role: access.role,
    Policy: policy.state + (policy.digest ? `, ${policy.digest.slice(0, 12)}` : ""),
  };
  find("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string|number|null} [text]
 */
function element(tag, text = "") {
  return Object.assign(document.createElement(tag), { textContent: text });
}

async function poll() {
  try {
    const status = /** @type {Status} */ (await read("api/status"));
    main.hidden = false;
    showAccess(status.access);
    document.title = heading.textContent = status.title || location.host;
    showFacts(status);
    find("faults").textContent = status.faults.join("\n");
    if (status.access.role !== "view") await showSettings(status.camera.led);
    showPicture(status);
  } catch (error) {
    stop();
    if (/** @type {{status?: number}} */ (error).status === 401) return lock(wordsOf(error));
    mark("bad", error instanceof TypeError ? "Not reached" : "Error");
    say(`${wordsOf(error)}\nRetrying soon.`);
  }
}

/** Shows nothing of the camera, and asks for a token. @param {string} why */
function lock(why) {
  mark("", "Locked");
  main.hidden = who.hidden = true;
  if (login.hidden) ask(why); // else what was wrong with a token stays
}

/** @param {Status["access"]} access */
function showAccess({ role, open }) {
  find("settings").hidden = role === "view";
  who.hidden = open === "control";
  who.textContent = role === open ? LOG_IN : "Log out";
}

/** @param {Status} status */
function showPicture({ camera, clients }) {
  if (isHeld) return mark("", "Paused");
  if (isLive && !clients.viewers && Date.now() - startedAt > GRACE_MS) stop();
  if (!isLive && clients.viewers >= clients.viewers_max) {
    mark("bad", "Busy");
    return say(`All ${clients.viewers_max} stream slots are taken.\nThe picture comes when one is free.`);
  }
  if (!isLive) play();
  mark(camera.error ? "bad" : "ok", camera.error ? "No picture" : "Live");
  say(camera.error ?? "");
}

/** Builds the form from the ranges, unless a person is at it or nothing has changed. @param {number} led */
async function showSettings(led) {
  const settings = /** @type {Settings} */ (await read("api/camera"));
  const now = JSON.stringify([settings, led]);
  if (now === shown || form.contains(document.activeElement)) return;
  shown = now;
  const fields = Object.entries(settings.ranges);
  fields.sort((a, b) => rank(a[1]) - rank(b[1]) || (a[0] < b[0] ? -1 : 1));
  const rows = fields.map(([name, range]) =>
    row(name, range, /** @type {Value} */ (settings[name]), (value) => request("api/camera", { [name]: value })),
  );
  form.replaceChildren(...rows, row("led", LAMP, led, (level) => request("api/led", { level })));
}

/** Choices first, then numbers, then switches: a camera's JSON has no order. @param {Range} range */
function rank(range) {
  return "min" in range ? 1 : isSwitch(range.values) ? 2 : 0;
}

/** @param {Value[]} values */
const isSwitch = (values) => values.every((each) => typeof each === "boolean");

/** @param {string} name of a field */
function title(name) {
  const words = name.replace(/_/g, " ");
  return NAMES[/** @type {keyof typeof NAMES} */ (name)] ?? words[0].toUpperCase() + words.slice(1);
}

/** @param {string} name @param {Range} range @param {Value} value @param {(value: Value) => Promise<unknown>} send */
function row(name, range, value, send) {
  const label = element("label", title(name));
  const [parts, chosen] = "min" in range ? slider(range, value) : choice(range.values, value);
  label.append(...parts);
  label.onchange = async () => {
    try {
      await send(chosen());
      note("");
    } catch (error) {
      shown = ""; // what the camera has comes back with the next status
      note(wordsOf(error));
    }
  };
  return label;
}

/**
 * @param {{min: number, max: number}} range @param {Value} value
 * @returns {[HTMLElement[], () => Value]} what the row shows, and what is chosen there
 */
function slider({ min, max }, value) {
  const input = element("input");
  const output = element("output");
  Object.assign(input, { type: "range", min, max, value });
  output.value = String(value);
  input.oninput = () => (output.value = input.value);
  return [[input, output], () => Number(input.value)];
}

/** @param {Value[]} values @param {Value} value @returns {[HTMLElement[], () => Value]} as of `slider` */
function choice(values, value) {
  if (isSwitch(values)) {
    const box = element("input");
    Object.assign(box, { type: "checkbox", checked: value });
    return [[box], () => box.checked];
  }
  const select = element("select");
  select.append(...values.map((each) => new Option(String(each))));
  select.selectedIndex = values.indexOf(value);
  return [[select], () => values[select.selectedIndex]];
}

begin();
addEventListener("hashchange", begin);
setInterval(() => main.hidden || poll(), POLL_MS);
