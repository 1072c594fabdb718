"use strict";
// The panel of the outside world: shows and moves the sandbox's clock and levers. The demo's own process control lies at
// the control address, when there is one.

const GROUPS = [
  ["rights", "Rights in the directory"],
  ["people", "People"],
  ["files", "Files"],
  ["network", "Network"],
  ["rules", "Rules"],
  ["settings", "Settings"],
];
const byId = (id) => document.getElementById(id);
let clock = null;
let clockRead = 0;
let shown = "";
let hiding = 0;

function say(words) {
  const message = byId("message");
  message.textContent = words;
  message.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { message.hidden = true; }, 5000);
}

async function ask(url, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(url, options);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail || told.error || told.title || `status ${answer.status}`);
  return told;
}

async function attempt(work, failed) {
  try { return await work(); } catch (error) { if (failed) say(`${failed}: ${error.message}`); return null; }
}

// -- clock ------------------------------------------------------------------------------------------------------------

function showClock(told) {
  clock = told;
  clockRead = performance.now();
  for (const button of byId("speeds").children) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === told.speed));
  }
  byId("next-run").disabled = !told.next_run;
  drawTime();
}

function drawTime() {
  if (!clock) return;
  const now = new Date(Date.parse(clock.now) + (performance.now() - clockRead) * clock.speed);
  byId("time").textContent = now.toISOString().slice(11, 19);
  byId("date").textContent = now.toLocaleDateString("en-GB", {
    weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  });
  const next = clock.next_run;
  if (!next) { byId("next").textContent = "No run is scheduled."; return; }
  const seconds = Math.max(0, Math.round((Date.parse(next.at) - now) / 1000));
  const wait = seconds < 90 ? `${seconds} s` : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  byId("next").textContent = `Next run: ${next.job}, ${next.at.slice(11, 16)} (in ${wait})`;
}

byId("jumps").addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  document.body.classList.add("busy");
  const told = await attempt(() => ask("/sandbox/tick", JSON.parse(button.dataset.jump)), "The clock did not move");
  document.body.classList.remove("busy");
  if (told) { showClock(told); await readLevers(); }
});

byId("speeds").addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const told = await attempt(() => ask("/sandbox/speed", { speed: Number(button.dataset.speed) }), "The speed did not change");
  if (told) showClock(told);
});

// -- levers -----------------------------------------------------------------------------------------------------------

function control(lever) {
  let input;
  if (typeof lever.value === "boolean") {
    input = document.createElement("input");
    input.type = "checkbox";
    input.className = "switch";
    input.setAttribute("role", "switch");
    input.checked = lever.value;
  } else if (lever.choices.length) {
    input = document.createElement("select");
    for (const choice of lever.choices) input.add(new Option(choice, choice, false, choice === lever.value));
  } else {
    input = document.createElement("input");
    input.type = typeof lever.value === "number" ? "number" : "text";
    input.value = lever.value;
  }
  input.dataset.lever = lever.name;
  input.dataset.kind = typeof lever.value;
  return input;
}

function row(lever) {
  const line = document.createElement("label");
  line.className = "row";
  const words = document.createElement("span");
  words.textContent = lever.label;
  if (lever.description) {
    const more = document.createElement("small");
    more.textContent = lever.description;
    words.append(more);
  }
  line.append(words, control(lever));
  return line;
}

function drawLevers(levers) {
  const state = JSON.stringify(levers);
  if (state === shown) return;
  const typing = document.activeElement;
  if (typing && typing.dataset.lever && ["text", "number"].includes(typing.type)) return;
  shown = state;
  const cards = [];
  const known = GROUPS.map(([key]) => key);
  for (const [key, title] of GROUPS) {
    const all = levers.filter((l) => l.group === key || (key === "settings" && !known.includes(l.group)));
    const plain = all.filter((l) => !l.name.startsWith("companion:"));
    const installation = all.filter((l) => l.name.startsWith("companion:"));
    if (!all.length) continue;
    const card = document.createElement("section");
    card.className = "card";
    card.setAttribute("aria-label", title);
    const heading = document.createElement("h2");
    heading.textContent = title;
    card.append(heading, ...plain.map(row));
    if (installation.length) {
      const more = document.createElement("details");
      const summary = document.createElement("summary");
      summary.textContent = "What this installation exposes";
      more.append(summary, ...installation.map(row));
      more.open = Boolean(document.querySelector("details[open]"));
      card.append(more);
    }
    cards.push(card);
  }
  const focused = typing && typing.dataset.lever;
  byId("levers").replaceChildren(...cards);
  if (focused) document.querySelector(`[data-lever="${CSS.escape(focused)}"]`)?.focus();
}

async function readLevers() {
  const told = await attempt(() => ask("/sandbox/levers"));
  if (told) drawLevers(told.levers);
}

byId("levers").addEventListener("change", async (event) => {
  const input = event.target.closest("[data-lever]");
  if (!input) return;
  const kind = input.dataset.kind;
  const value = kind === "boolean" ? input.checked : kind === "number" ? Number(input.value) : input.value;
  input.blur();
  const told = await attempt(() => ask(`/sandbox/levers/${encodeURIComponent(input.dataset.lever)}`, { value }), "Nothing changed");
  shown = "";
  if (told) drawLevers(told.levers); else await readLevers();
});

// -- the demo's own controls ------------------------------------------------------------------------------------------

function controlAddress() {
  const told = new URLSearchParams(location.search).get("control_url") || JSON.parse(byId("settings").textContent).control;
  if (!told) return null;
  try {
    const url = new URL(told, location.href);
    return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) ? url.href.replace(/\/$/, "") : null;
  } catch { return null; }
}

const demo = controlAddress();

function enableDemo(on) {
  byId("scenarios").disabled = !on;
  byId("kill").disabled = !on;
}

async function readDemo() {
  const told = await attempt(() => ask(`${demo}/status`));
  enableDemo(Boolean(told));
  if (!told) return;
  byId("bot").textContent = told.bot ? `The bot: ${told.bot}` : "The bot";
  if (document.activeElement !== byId("scenarios")) byId("scenarios").value = told.scenario;
}

async function listScenarios() {
  const told = await attempt(() => ask("/sandbox/scenarios"), "The scenarios cannot be listed");
  if (!told) return;
  byId("scenarios").replaceChildren(...told.scenarios.map((s) => new Option(s.title || s.name, s.name)));
  await readDemo();
}

if (demo) {
  byId("scenarios").addEventListener("change", async (event) => {
    event.target.blur();
    enableDemo(false);
    say("The demo starts again with this scenario.");
    const told = await attempt(() => ask(`${demo}/scenario`, { name: event.target.value }), "The scenario did not change");
    if (told) location.reload(); else readDemo();
  });
  byId("kill").addEventListener("click", async () => {
    const told = await attempt(() => ask(`${demo}/kill-bot`, {}), "The bot was not killed");
    if (told) { say("Killed. What it was doing goes on after its restart."); readDemo(); }
  });
  listScenarios();
  setInterval(() => { if (!document.hidden) readDemo(); }, 3000);
}

// -- start ------------------------------------------------------------------------------------------------------------

async function readClock() {
  const told = await attempt(() => ask("/sandbox/clock"));
  if (told) showClock(told);
}

attempt(async () => {
  const told = await ask("/sandbox/settings");
  if (told.title) byId("scenario").textContent = told.title;
});
readClock();
readLevers();
setInterval(drawTime, 1000);
setInterval(() => { if (!document.hidden) { readClock(); readLevers(); } }, 3000);
