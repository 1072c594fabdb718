// The message field: commands with their hints, names, channels, Enter to send.
import { act, store } from "./store.js";
import { h, icon } from "./dom.js";
import { toast } from "./dialogs.js";

const history = [];

export function buildComposer(form, placeholder) {
  const inThread = form.dataset.composer === "thread";
  if (form.dataset.place === placeholder) return;
  form.dataset.place = placeholder;
  const id = inThread ? "thread-text" : "composer-text";
  form.replaceChildren(
    h("div", { class: "completions", role: "listbox", id: `${id}-list`, "aria-label": "Suggestions", hidden: true }),
    h("textarea", { id, rows: 1, placeholder, "aria-label": placeholder, role: "combobox", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": `${id}-list`, autocomplete: "off", spellcheck: "true" }),
    h("div", { class: "composer-bar" },
      inThread ? null : h("button", { type: "button", class: "icon", data: { do: "shortcuts" }, "aria-label": "Shortcuts", "aria-haspopup": "menu", title: "Shortcuts" }, icon("bolt")),
      inThread ? null : h("button", { type: "button", class: "icon", data: { do: "slash" }, "aria-label": "Slash commands", title: "Slash commands" }, "/"),
      h("button", { type: "button", class: "icon", data: { do: "at" }, "aria-label": "Mention somebody", title: "Mention somebody" }, "@"),
      h("span", { class: "hint-keys" }, "Enter sends · Shift+Enter for a new line"),
      h("button", { type: "submit", class: "send", "aria-label": "Send" }, icon("send"))));
}

function suggestions(text) {
  const world = store.world;
  const command = /^\/\S*$/.exec(text);
  if (command) {
    return world.commands.filter((c) => c.command.startsWith(text)).map((c) => ({ insert: `${c.command} `, label: `${c.command} ${c.usage_hint}`, note: c.description }));
  }
  const rest = /^(\/\S+) (.*)$/s.exec(text);
  if (rest) {
    const known = world.commands.find((c) => c.command === rest[1]);
    const typed = rest[2].toLowerCase();
    return (known?.hints ?? []).filter((hint) => hint.toLowerCase().startsWith(typed) && hint !== rest[2])
      .map((hint) => ({ insert: `${rest[1]} ${hint.replace(/\s[A-Z]{2,}.*$/, " ")}`, label: `${rest[1]} ${hint}`, note: "" }));
  }
  const word = /(?:^|\s)([@#])([\w.-]*)$/.exec(text);
  if (!word) return [];
  const start = text.slice(0, text.length - word[2].length);
  const fits = (name) => name.toLowerCase().startsWith(word[2].toLowerCase());
  const make = (name, note) => ({ insert: `${start}${name} `, label: word[1] + name, note });
  if (word[1] === "#") return world.channels.filter((c) => !c.direct && fits(c.name)).map((c) => make(c.name, c.purpose));
  return [make(world.app.name, "app"), ...world.people.map((p) => make(p.name, `${p.real_name} ${p.title}`)),
    ...world.groups.map((g) => make(g.handle, "user group"))].filter((row) => fits(row.label.slice(1)) || row.note.toLowerCase().includes(word[2].toLowerCase()));
}

function show(field, rows) {
  const list = field.form.querySelector(".completions");
  list.hidden = rows.length === 0;
  field.setAttribute("aria-expanded", String(rows.length > 0));
  list.replaceChildren(...rows.slice(0, 14).map((row, index) => h("div", { class: "completion", role: "option", id: `${list.id}-${index}`,
    "aria-selected": String(index === 0), data: { insert: row.insert } }, h("b", {}, row.label), h("span", {}, row.note))));
  field.setAttribute("aria-activedescendant", rows.length ? `${list.id}-0` : "");
}

export function grow(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
}

export function typing(field) {
  grow(field);
  show(field, field.selectionStart === field.value.length ? suggestions(field.value) : []);
}

export function accept(field, insert) {
  field.value = insert;
  field.focus();
  typing(field);
}

export const closeList = (field) => show(field, []);

// True when the key was used up by the list of suggestions or by sending.
export function key(event, field) {
  const list = field.form.querySelector(".completions");
  const rows = [...list.children];
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (!list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
    const next = (at + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length;
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === next)));
    rows[next].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", rows[next].id);
    return true;
  }
  if (!list.hidden && event.key === "Tab") { accept(field, rows[at].dataset.insert); return true; }
  if (!list.hidden && event.key === "Escape") { closeList(field); return true; }
  if (event.key === "ArrowUp" && !field.value && history.length) { accept(field, history.at(-1)); return true; }
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    const choosingName = !list.hidden && !field.value.startsWith("/");
    const bareCommand = !list.hidden && /^\/\S*$/.test(field.value) && !store.world.commands.some((c) => c.command === field.value);
    if (choosingName || bareCommand) accept(field, rows[at].dataset.insert);
    else send(field);
    return true;
  }
  return false;
}

export async function send(field) {
  const text = field.value.trim();
  if (!text) return;
  const thread = field.form.dataset.composer === "thread" ? store.thread : "";
  history.push(text);
  field.value = "";
  closeList(field);
  grow(field);
  const place = { channel: store.channel, ...(thread ? { thread_ts: thread } : {}) };
  const answer = text.startsWith("/") ? await act("command", { ...place, text }) : await act("say", { ...place, text });
  if (!answer.ok && !answer.since) toast(answer.message, "error");
  if (!answer.ok && text.startsWith("/") && !field.value) { field.value = text; grow(field); }
}
