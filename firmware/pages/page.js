/**
 * The camera's own page: the live picture, its settings, and what the camera says of itself. It asks /api/status
 * every few seconds and follows what others set meanwhile.
 */

/** @typedef {import("./api.js").Status} Status */
/** @typedef {import("./api.js").Settings} Settings */
/** @typedef {import("./api.js").Range} Range */
/** @typedef {import("./api.js").Value} Value */

const POLL_MS = 3000;
const GRACE_MS = 4000; // until the camera counts a stream that has just begun
const KEPT_MS = 9000; // a saved picture, until the browser has written it
const LAMP = { min: 0, max: 100 };

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const view = /** @type {HTMLImageElement} */ (find("view"));
const [heading, stateLine, cover, hold, form] = ["name", "state", "say", "hold", "form"].map(find);

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
 * @param {object} [change] is sent with PUT
 */
async function request(path, change) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(path, change ? { method: "PUT", body: JSON.stringify(change), headers } : {});
  if (!response.ok) throw new Error(await errorOf(response));
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

function play() {
  if (isHeld) return;
  isLive = true;
  startedAt = Date.now();
  view.hidden = false;
  view.src = `/api/stream?n=${startedAt}`;
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
  if (isHeld) stop();
  say(isHeld ? "Paused" : "");
  play();
};

find("shot").onclick = async () => {
  try {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (await request("/api/capture")).blob());
    link.download = `camera-${new Date().toISOString().slice(0, 19).replace(/:/g, "")}.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
    note("");
  } catch (error) {
    note(wordsOf(error));
  }
};

/** Days, hours, minutes and seconds. @param {number} seconds */
function duration(seconds) {
  const days = Math.floor(seconds / 86400);
  return (days ? `${days} d ` : "") + new Date((seconds % 86400) * 1000).toISOString().slice(11, 19);
}

/** @param {Status} status */
function showFacts({ board, firmware, micropython, uptime_s, heap, frames, clients, policy }) {
  const facts = [
    ["Board", board],
    ["Firmware", firmware],
    ["MicroPython", micropython],
    ["Up", duration(uptime_s)],
    ["Free memory", `${Math.round(heap.free / 1024)} KB`],
    ["Pictures", frames.captured],
    ["Viewers", `${clients.viewers} of ${clients.viewers_max}`],
    ["Policy", policy.state],
  ];
  find("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

/** @param {string} tag @param {string|number} text */
function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = String(text);
  return made;
}

async function poll() {
  try {
    const status = /** @type {Status} */ (await read("/api/status"));
    document.title = heading.textContent = status.title || status.name || status.network?.name || location.host;
    showFacts(status);
    find("faults").textContent = status.faults.join("\n");
    await showSettings(status.camera.led);
    showPicture(status);
  } catch (error) {
    stop();
    mark("bad", "Offline");
    say(`${wordsOf(error)}\nIt is asked again every few seconds.`);
  }
}

/** @param {Status} status */
function showPicture({ camera, clients }) {
  if (isHeld) return mark("", "Paused");
  if (isLive && !clients.viewers && Date.now() - startedAt > GRACE_MS) stop();
  if (!isLive && clients.viewers >= clients.viewers_max) {
    mark("bad", "No free place");
    return say(`The viewer places are taken (${clients.viewers_max}).\nThe picture comes when one is free.`);
  }
  if (!isLive) play();
  mark(camera.error ? "bad" : "ok", camera.error ? "No picture" : "Live");
  say(camera.error ? `The camera gives no picture:\n${camera.error}` : "");
}

/** Builds the form from the ranges, unless a person is at it or nothing has changed. @param {number} led */
async function showSettings(led) {
  const settings = /** @type {Settings} */ (await read("/api/camera"));
  const now = JSON.stringify([settings, led]);
  if (now === shown || form.contains(document.activeElement)) return;
  shown = now;
  const rows = Object.entries(settings.ranges).map(([name, range]) =>
    row(name.replace(/_/g, " "), range, /** @type {Value} */ (settings[name]), (value) =>
      request("/api/camera", { [name]: value }),
    ),
  );
  form.replaceChildren(...rows, row("lamp", LAMP, led, (level) => request("/api/led", { level })));
}

/** @param {string} name @param {Range} range @param {Value} value @param {(value: Value) => Promise<unknown>} send */
function row(name, range, value, send) {
  const label = element("label", name[0].toUpperCase() + name.slice(1));
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
  const input = document.createElement("input");
  const output = document.createElement("output");
  Object.assign(input, { type: "range", min, max, value });
  output.value = String(value);
  input.oninput = () => (output.value = input.value);
  return [[input, output], () => Number(input.value)];
}

/** @param {Value[]} values @param {Value} value @returns {[HTMLElement[], () => Value]} as of `slider` */
function choice(values, value) {
  if (values.every((each) => typeof each === "boolean")) {
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", checked: value });
    return [[box], () => box.checked];
  }
  const select = document.createElement("select");
  select.append(...values.map((each) => new Option(String(each), String(each), each === value, each === value)));
  return [[select], () => values[select.selectedIndex]];
}

poll();
setInterval(poll, POLL_MS);
