// The page: who is looking, at which channel, and what is drawn where.
import { renderBlocks } from "./blocks.js";
import { buildComposer } from "./composer.js";
import { drawModal, toast } from "./dialogs.js";
import { $, avatar, h, icon, keepPlace, tone } from "./dom.js";
import { actions, listen } from "./events.js";
import { act, become, channelById, isReply, markRead, onChange, personById, store, unread } from "./store.js";
import { drawMessages, drawThread, noticeText } from "./timeline.js";

const role = (person) => person.title.split("·").at(-1).trim();

function drawPeople() {
  store.world.people.forEach((person) => tone(person.id));
  const shown = store.world.people.filter((person) => !person.bot && !person.deleted);
  $("people").replaceChildren(...shown.map((person) => h("button", { class: "person", role: "radio", "aria-checked": String(person.id === store.me),
    tabindex: person.id === store.me ? "0" : "-1", data: { do: "become", person: person.id }, title: `${person.real_name} – ${person.title}` },
  avatar(person.id, person.real_name), h("span", {}, h("b", {}, person.real_name.split(" ")[0]), h("small", {}, role(person))))));
  $("people-menu").replaceChildren(...shown.map((person) => h("option", { value: person.id, selected: person.id === store.me },
    `${person.real_name.split(" ")[0]} (${role(person)})`)));
}

function drawSidebar() {
  const row = (channel) => {
    const news = channel.id === store.channel ? { any: false, calls: 0 } : unread(channel);
    const name = channel.direct ? store.world.app.name : channel.name;
    return h("button", { class: `room${news.any ? " unread" : ""}`, data: { do: "open", channel: channel.id }, "aria-current": channel.id === store.channel ? "page" : null },
      channel.direct ? avatar(store.world.app.user, name, true) : h("span", { class: "hash", "aria-hidden": "true" }, channel.private ? "🔒" : "#"),
      h("span", { class: "room-name" }, name), channel.direct ? h("span", { class: "app-badge" }, "APP") : null,
      channel.shared ? h("span", { title: "Shared with another company", "aria-label": "shared with another company" }, icon("shared")) : null,
      news.calls ? h("span", { class: "count", "aria-label": `${news.calls} unread` }, String(news.calls)) : news.any ? h("span", { class: "sr" }, "unread") : null);
  };
  const rooms = store.world.channels;
  const me = personById(store.me);
  $("sidebar").replaceChildren(
    h("h2", {}, "Channels"), ...rooms.filter((c) => !c.direct).map(row),
    h("h2", {}, "Direct messages"), ...rooms.filter((c) => c.direct).map(row),
    h("div", { class: "me" }, avatar(me.id, me.real_name), h("span", {}, h("b", {}, me.real_name), h("small", {}, me.title))));
}

function drawHead() {
  const channel = channelById(store.channel);
  const app = store.world.app;
  $("channel-head").replaceChildren(h("div", { class: "head-row" },
    h("h1", {}, channel.direct ? app.name : [h("span", { class: "hash", "aria-hidden": "true" }, channel.private ? "🔒" : "# "), channel.name]),
    h("span", { class: "purpose" }, channel.direct ? "Direct message with the app" : channel.purpose),
    channel.direct ? null : h("span", { class: "members", title: "Members" }, icon("people"), String(channel.members)),
    channel.direct || channel.with_app ? null : h("button", { class: "button small", data: { do: "add-app" } }, `Add ${app.name}`)));
  const tabs = channel.direct && app.home;
  $("tabs").hidden = !tabs;
  $("tabs").replaceChildren(...(tabs ? [["home", "Home"], ["messages", "Messages"]].map(([name, label]) => h("button", { role: "tab",
    "aria-selected": String(store.tab === name), data: { do: "tab", tab: name } }, label)) : []));
  $("composer").hidden = Boolean(tabs && store.tab === "home");
  buildComposer($("composer"), `Message ${channel.direct ? app.name : `#${channel.name}`}`);
  buildComposer($("thread-composer"), "Reply…");
  $("thread-channel").textContent = channel.direct ? app.name : `# ${channel.name}`;
}

function drawHome() {
  const open = channelById(store.channel).direct && store.world.app.home && store.tab === "home";
  $("home").hidden = !open;
  $("messages").hidden = open;
  if (!open) return;
  const view = store.home;
  $("home").dataset.view = "home";
  keepPlace($("home"), () => $("home").replaceChildren(view ? renderBlocks(view.blocks, { key: view.id, values: view.state.values })
    : h("p", { class: "nothing" }, `${store.world.app.name} shows nothing here yet.`)));
}

function drawPanel() {
  const { url, title } = store.world.panel;
  if (!url) return;
  $("panel-toggle").hidden = false;
  $("panel-toggle").textContent = title;
  $("panel-title").textContent = title;
  const open = JSON.parse(localStorage.getItem("panel") ?? String(innerWidth >= 1200));
  $("panel").hidden = !open;
  $("panel-toggle").setAttribute("aria-pressed", String(open));
  if (open && !$("panel-frame").src) $("panel-frame").src = url;
}

function drawAll() {
  $("team-name").textContent = store.world.team.name;
  drawPeople();
  drawSidebar();
  drawHead();
  drawHome();
  drawMessages();
  drawThread();
  drawPanel();
  drawModal();
  const mine = personById(store.me);
  document.title = `${channelById(store.channel).name} · ${mine.real_name} · ${store.world.team.name}`;
}

function openChannel(id, tab = "messages") {
  const changed = store.channel !== id;
  Object.assign(store, { channel: id, tab, thread: changed ? "" : store.thread });
  document.body.classList.remove("with-sidebar");
  history.replaceState(null, "", `#${personById(store.me).name}/${id}`);
  if (changed) $("composer").dataset.place = "";
  drawAll();
  markRead(id);
  if (matchMedia("(hover: hover)").matches && tab === "messages") $("composer-text").focus();
}

function firstChannel() {
  const wanted = /^\/archives\/(\w+)/.exec(location.pathname)?.[1] ?? location.hash.split("/")[1];
  const rooms = store.world.channels;
  return rooms.find((c) => c.id === wanted) ?? rooms.find((c) => c.id === store.channel) ?? rooms.find((c) => c.name === "iam-alerts") ?? rooms[0];
}

async function switchTo(person) {
  const world = await become(person);
  if (!world.ok) return toast(world.message ?? "This person is not here.", "error");
  return openChannel(firstChannel().id);
}

function jumpToPermalink() {
  const found = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(location.pathname);
  if (!found) return;
  const ts = `${found[2]}.${found[3]}`;
  const root = new URLSearchParams(location.search).get("thread_ts");
  if (root && root !== ts) { store.thread = root; drawThread(); }
  const node = $(`m-${root && root !== ts ? "t" : ""}${ts}`);
  node?.scrollIntoView({ block: "center" });
  node?.classList.add("flash");
}

Object.assign(actions, {
  become: (node) => switchTo(node.dataset.person),
  open: (node) => openChannel(node.dataset.channel),
  tab: (node) => { openChannel(store.channel, node.dataset.tab); act("home", { tab: node.dataset.tab }); },
  "open-thread": (node) => {
    const { ts } = node.closest("[data-ts]").dataset;
    const message = store.messages.get(store.channel).get(ts);
    store.thread = isReply(message) ? message.thread_ts : ts;
    $("thread-composer").dataset.place = "";
    drawHead();
    drawThread();
    $("thread-text").focus();
  },
  "close-thread": () => { store.thread = ""; drawThread(); },
  "toggle-sidebar": (node) => node.setAttribute("aria-expanded", String(document.body.classList.toggle("with-sidebar"))),
  "toggle-panel": () => { localStorage.setItem("panel", String($("panel").hidden)); drawPanel(); },
  "add-app": () => act("invite", { channel: store.channel, user: store.world.app.user }),
});

// A press that is under way must still find its button when the finger leaves it: news is drawn after that.
let pressing = false;
const drawLater = new Set();
const draw = (...parts) => parts.forEach((part) => (pressing ? drawLater.add(part) : part()));
addEventListener("pointerdown", () => { pressing = true; }, true);
["pointerup", "pointercancel"].forEach((end) => addEventListener(end, () => {
  pressing = false;
  setTimeout(() => { draw(...drawLater); drawLater.clear(); });
}, true));

onChange((what) => {
  document.body.classList.toggle("offline", Boolean(what.offline));
  if (what.offline || what.online || what.person) return;
  if (what.world) { drawPeople(); drawHead(); }
  if (what.messages?.length) {
    draw(drawMessages, drawThread);
    if (!document.hidden) markRead(store.channel);
    const elsewhere = what.first ? [] : what.messages.filter((m) => m.ephemeral && !m.deleted
      && (m.channel !== store.channel || (isReply(m) && m.thread_ts !== store.thread)));
    elsewhere.forEach((m) => toast(noticeText(m)));
  }
  drawSidebar();
  if (what.views) draw(drawModal);
  if (what.home) draw(drawHome);
  what.notices?.forEach((note) => toast(note.text, "error"));
  if (what.first) jumpToPermalink();
});

listen();
$("people-menu").addEventListener("change", (event) => switchTo(event.target.value));
switchTo(decodeURIComponent(location.hash.slice(1).split("/")[0]) || localStorage.getItem("person") || "nadia")
  .then(() => store.world?.ok || switchTo("nadia"));
