/** In words: what the browser does with a request by where page and camera are. */

import { kindOf } from "./reach.js";

/** What the two browsers ask, each in its own words. @type {Record<"chromium"|"firefox", Record<"local"|"loopback", string>>} */
const QUESTIONS = {
  chromium: {
    local: "Access other devices on your local network",
    loopback: "Access other apps and services on this device",
  },
  firefox: {
    local: "access apps and services on devices connected to your local network",
    loopback: "access other apps and services on this device",
  },
};
/** Where the answer can be changed: what it is called beside the page's address. */
const SETTINGS = {
  chromium: { local: "Local network", loopback: "Apps on device" },
  firefox: { local: "Access local network devices", loopback: "Access this device" },
};
const NO_HEADER = "No header of the camera can grant it.";

/**
 * The explanation of a verdict, null of what passes.
 * @param {ReturnType<import("./permission.js").Permissions["verdict"]>} verdict
 * @param {URL} page @param {URL} url @param {import("./reach.js").Browser} browser
 * @param {ReturnType<import("./permission.js").Permissions["stage"]>} [stage] how far the question is
 * @returns {import("./diagnose.js").Diagnosis|null}
 */
export function explain(verdict, page, url, browser, stage = "before") {
  if (verdict === "mixed") return mixed(page, url);
  if (verdict === "insecure") return insecure(page);
  const kind = kindOf(url) ?? "local";
  const family = browser.declares ? "chromium" : "firefox";
  if (verdict === "asks") return ask(QUESTIONS[family][kind], page, url)[stage];
  return verdict === "refused" ? refused(page, QUESTIONS[family][kind], SETTINGS[family][kind]) : null;
}

/** @param {URL} page @param {URL} url @returns {import("./diagnose.js").Diagnosis} */
function mixed(page, url) {
  return {
    cause: "mixed",
    title: "An https page, an http camera",
    text:
      `Browsers block what a page of ${page.origin} asks of ${url.origin} as mixed content, before the camera is asked. ` +
      "There are two ways out: give the camera https, and add its https address here; or open the dashboard from this " +
      "computer, at http://localhost.",
    brief: "Give the camera https, or open the dashboard from this computer:",
    commands: ["camcors tls setup", "camcors dashboard"],
    facts: [`This page came over https, the camera’s address is ${url.protocol.slice(0, -1)}.`],
  };
}

/** @param {URL} page @returns {import("./diagnose.js").Diagnosis} */
function insecure(page) {
  return {
    cause: "permission",
    title: "The browser guards your network",
    text:
      "This browser keeps a public page over http from local addresses, and does not even ask. " +
      "Open the dashboard from this computer, or serve it over https.",
    commands: ["camcors dashboard"],
    facts: [`This page came from ${page.origin}.`],
  };
}

/**
 * @param {string} question @param {URL} page @param {URL} url
 * @returns {Record<"before"|"open"|"failed", import("./diagnose.js").Diagnosis>}
 */
function ask(question, page, url) {
  /** @type {{cause: "ask", commands: string[], facts: string[]}} */
  const nothing = { cause: "ask", commands: [], facts: [NO_HEADER] };
  return {
    before: {
      ...nothing,
      title: "The browser will ask",
      text: `It will ask whether this page may “${question}”. Answer Allow, and the picture comes.`,
      act: "Ask now",
    },
    open: {
      ...nothing,
      title: "The browser asks",
      text: `At the top of the window: whether this page may “${question}”. Answer Allow, and the picture comes.`,
    },
    failed: {
      ...nothing,
      title: "No answer",
      text:
        `The browser asks whether this page may “${question}”. The question may have been closed; or the camera does ` +
        `not answer, or its policy does not list ${page.origin}.`,
      open: url.origin,
      act: "Ask again",
    },
  };
}

/** @param {URL} page @param {string} question @param {string} setting @returns {import("./diagnose.js").Diagnosis} */
function refused(page, question, setting) {
  return {
    cause: "permission",
    title: "Your network is blocked for this page",
    text:
      `The browser’s answer to “${question}” is no. To allow it, click the icon to the left of the page’s address, ` +
      `and change “${setting}”.`,
    commands: [],
    facts: [`The browser’s permission is “denied” for ${page.origin}.`, NO_HEADER],
  };
}
