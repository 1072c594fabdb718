// One listener per kind of event for the whole page: presses, choices, typing, keys.
import * as composer from "./composer.js";
import { closeModal, closePopup, confirm, popup, submitModal, toast } from "./dialogs.js";
import { $, h } from "./dom.js";
import { act, store } from "./store.js";

// Where an element stands, as the person API wants it.
function place(node) {
  const holder = node.closest("[data-ts], [data-view]");
  return holder.dataset.view ? { view: holder.dataset.view } : { channel: holder.dataset.channel, ts: holder.dataset.ts };
}
const which = (node) => ({ block_id: node.dataset.block, action_id: node.dataset.action });

async function press(button, more = {}) {
  button.classList.add("busy");
  button.setAttribute("aria-busy", "true");
  let answer = await act("press", { ...place(button), ...which(button), ...more });
  if (answer.error === "confirm_needed" && await confirm(answer.confirm)) {
    answer = await act("press", { ...place(button), ...which(button), ...more, confirm: true });
  }
  button.classList.remove("busy");
  button.removeAttribute("aria-busy");
  button.classList.toggle("failed", !answer.ok && answer.error !== "confirm_needed");
  if (answer.url && /^https?:/.test(answer.url)) window.open(answer.url, "_blank", "noopener,noreferrer");
  if (!answer.ok && answer.error !== "confirm_needed" && !answer.since) toast(answer.message, "error");
}

async function choose(node, body) {
  const answer = await act("select", { ...place(node), ...which(node), ...body });
  if (!answer.ok && !answer.since) toast(answer.message, "error");
}

function chosenValue(node) {
  const { kind } = node.dataset;
  if (node.type === "checkbox") {
    const box = node.closest(".ticks");
    return { values: [...box.querySelectorAll("input:checked")].map((tick) => tick.value) };
  }
  if (kind === "datetimepicker") return { value: Math.floor(new Date(`${node.value}Z`).getTime() / 1000) };
  return { value: node.value };
}

let pending = 0;
async function loadOptions(node) {
  const list = node.parentElement.querySelector(".combo-list");
  const mine = ++pending;
  if (node.value.length < Number(node.dataset.min)) { list.hidden = true; return; }
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  if (mine !== pending) return;
  const answer = await act("options", { ...place(node), ...which(node), query: node.value });
  if (mine !== pending) return;
  const rows = answer.options ?? [];
  list.hidden = false;
  node.setAttribute("aria-expanded", "true");
  list.replaceChildren(...(rows.length ? rows.map((row) => h("button", { type: "button", role: "option", class: "menu-item",
    data: { pick: row.value } }, h("span", {}, row.text.text), row.description ? h("small", {}, row.description.text) : null))
    : [h("div", { class: "none" }, "No results")]));
}

async function pickOption(item) {
  const node = item.closest(".combo").querySelector("input");
  const many = node.dataset.kind.startsWith("multi");
  item.parentElement.hidden = true;
  const query = node.value;
  node.value = item.firstChild.textContent;
  await choose(node, many ? { values: [item.dataset.pick], query } : { value: item.dataset.pick, query });
}

function messageMenu(button) {
  const { channel, ts } = place(button);
  const rows = store.world.shortcuts.filter((s) => s.type === "message").map((s) => [s.callback_id, s.name, s.description]);
  popup(button, [...rows, ["", "Copy link"]], async (callback) => {
    if (callback) await act("shortcut", { callback_id: callback, channel, ts });
    else await navigator.clipboard?.writeText(`${location.origin}/archives/${channel}/p${ts.replace(".", "")}`);
  });
}

export const actions = {
  react: async (node) => {
    const mine = node.classList.contains("mine");
    const answer = await act("react", { ...place(node), name: node.dataset.name, remove: mine });
    if (answer.error === "already_reacted") await act("react", { ...place(node), name: node.dataset.name, remove: true });
  },
  dismiss: (node) => act("dismiss", place(node)),
  more: messageMenu,
  "close-toast": (node) => node.parentElement.remove(),
  "close-view": () => closeModal(false),
  "close-all": () => closeModal(true),
  shortcuts: (node) => popup(node, store.world.shortcuts.filter((s) => s.type === "global").map((s) => [s.callback_id, s.name, s.description]),
    (callback) => act("shortcut", { callback_id: callback })),
  slash: () => composer.accept($("composer-text"), "/"),
  at: (node) => {
    const field = node.closest("form").querySelector("textarea");
    composer.accept(field, `${field.value}${!field.value || field.value.endsWith(" ") ? "" : " "}@`);
  },
};

export function listen() {
  document.addEventListener("click", (event) => {
    const node = event.target.closest("button, [data-do], [data-insert], [data-pick]");
    if (!event.target.closest("#menu") && !node?.matches("[aria-haspopup], [data-do=more]")) closePopup();
    if (!node) return;
    if (node.dataset.pick !== undefined) pickOption(node);
    else if (node.dataset.insert) composer.accept(node.closest("form").querySelector("textarea"), node.dataset.insert);
    else if (node.dataset.do) actions[node.dataset.do]?.(node, event);
    else if (node.dataset.kind === "button") press(node);
    else if (node.dataset.kind === "overflow") popup(node, JSON.parse(node.dataset.options), (value) => press(node, { value }));
  });
  document.addEventListener("change", (event) => {
    const node = event.target;
    if (!node.dataset.kind || node.dataset.draft || node.getAttribute("role") === "combobox") return;
    choose(node, chosenValue(node));
  });
  document.addEventListener("input", (event) => {
    const node = event.target;
    if (node.dataset.draft) store.drafts.set(node.dataset.draft, node.value);
    else if (node.matches(".composer textarea")) composer.typing(node);
    else if (node.closest(".combo")) loadOptions(node);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.closest("#confirm")) return;
    event.preventDefault();
    if (event.target.matches(".composer")) composer.send(event.target.querySelector("textarea"));
    else if (event.target.id === "modal-form") submitModal(event.target);
  });
  document.addEventListener("keydown", (event) => {
    const node = event.target;
    if (event.key === "Escape" && closePopup()) { event.preventDefault(); return; }
    if (node.matches?.(".composer textarea") && composer.key(event, node)) event.preventDefault();
    else if (node.dataset?.draft && node.tagName === "INPUT" && event.key === "Enter") {
      event.preventDefault();
      if (node.closest("#modal")) submitModal(node.form);
      else choose(node, { value: node.value });
    } else if (node.matches?.(".messages, .message") && ["ArrowUp", "ArrowDown"].includes(event.key)) walk(event);
    else if (node.closest?.("#menu, .combo, .people") && ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"].includes(event.key)) arrow(event);
  });
  $("modal").addEventListener("cancel", (event) => { event.preventDefault(); if (!closePopup()) closeModal(false); });
}

// From message to message, so that the actions of each can be reached by Tab.
function walk(event) {
  const rows = [...event.target.closest(".messages").querySelectorAll(".message")];
  const at = rows.indexOf(event.target);
  const next = at < 0 ? rows.length - 1 : at + (event.key === "ArrowUp" ? -1 : 1);
  rows[next]?.focus();
  event.preventDefault();
}

function arrow(event) {
  const holder = event.target.closest("#menu, .combo, .people");
  const items = [...holder.querySelectorAll("button")];
  const step = ["ArrowDown", "ArrowRight"].includes(event.key) ? 1 : -1;
  const next = items[(items.indexOf(event.target) + step + items.length) % items.length];
  next?.focus();
  event.preventDefault();
}
