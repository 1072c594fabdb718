// Messages: one after the other with day dividers, grouped by author, with threads, reactions and files.
import { renderBlocks, sameWorkspace } from "./blocks.js";
import { $, avatar, h, icon, keepPlace, reconcile } from "./dom.js";
import { daysFromToday, emoji, link, mrkdwn } from "./mrkdwn.js";
import { handleOf, isApp, isReply, nameOf, personById, store, threadOf, topLevel } from "./store.js";

const GROUP_SECONDS = 300;
const at = (ts) => new Date(Number(ts.split(".")[0]) * 1000);
const clockTime = (ts) => at(ts).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOf = (ts) => at(ts).toDateString();

function dayName(ts) {
  const when = at(ts);
  const near = { 0: "Today", "-1": "Yesterday" }[daysFromToday(when)];
  return near ?? when.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
}

function rows(messages, inThread) {
  const items = [];
  let before = null;
  for (const message of messages) {
    if (!before || dayOf(before.ts) !== dayOf(message.ts)) {
      items.push({ key: `day-${dayOf(message.ts)}`, version: dayName(message.ts), day: message.ts });
      before = null;
    }
    const close = before && before.user === message.user && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
    const compact = Boolean(close && !message.ephemeral && !before.ephemeral && !message.thread_ts);
    items.push({ key: message.ts, version: `${message.revision}${compact}${inThread}`, message, compact, inThread });
    before = message;
    if (inThread && message.reply_count) {
      items.push({ key: `count-${message.ts}`, version: String(message.reply_count), count: message.reply_count });
    }
  }
  return items;
}

function build(item) {
  if (item.day) return h("div", { class: "day", role: "separator" }, h("span", {}, dayName(item.day)));
  if (item.count) return h("div", { class: "day replies-count", role: "separator" }, h("span", {}, plural(item.count, "reply", "replies")));
  return messageNode(item);
}

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

function messageNode({ message, compact, inThread }) {
  const app = isApp(message.user);
  const person = personById(message.user);
  const name = nameOf(message.user);
  const surface = { key: `${message.channel}-${message.ts}`, values: message.values };
  return h("div", { role: "article", tabindex: "-1", "aria-label": `${name}, ${clockTime(message.ts)}`,
    class: `message${compact ? " compact" : ""}${message.ephemeral ? " ephemeral" : ""}`, id: `m-${inThread ? "t" : ""}${message.ts}`,
    data: { channel: message.channel, ts: message.ts } },
  compact ? h("span", { class: "gutter", "aria-hidden": "true" }, clockTime(message.ts)) : avatar(message.user, name, app),
  h("div", { class: "message-body" },
    message.ephemeral ? h("div", { class: "only-you" }, icon("eye"), "Only visible to you",
      h("button", { class: "link", data: { do: "dismiss" } }, "Dismiss message")) : null,
    compact ? null : h("div", { class: "meta" },
      h("b", { class: "author" }, name), app || person?.bot ? h("span", { class: "app-badge" }, "APP") : null,
      person?.foreign ? h("span", { class: "app-badge foreign" }, "OTHER COMPANY") : null,
      h("a", { class: "time", href: `/archives/${message.channel}/p${message.ts.replace(".", "")}`, title: at(message.ts).toLocaleString("en-GB") }, clockTime(message.ts)),
      message.subtype === "thread_broadcast" && !inThread ? h("span", { class: "replied" }, "replied to a thread") : null),
    content(message, surface),
    reactions(message), inThread ? null : threadLink(message)),
  message.ephemeral ? null : tools(inThread));
}

function content(message, surface) {
  const edited = message.edited ? h("small", { class: "edited" }, "(edited)") : null;
  const parts = [];
  const typed = !isApp(message.user);
  if (typed || !message.blocks) {
    if (message.text) parts.push(h("div", { class: "text" }, message.mrkdwn === false ? message.text : mrkdwn(message.text), " ", edited));
  } else parts.push(renderBlocks(message.blocks, surface), edited);
  for (const attachment of message.attachments ?? []) {
    parts.push(h("div", { class: "attachment" }, attachment.title ? h("b", {}, attachment.title) : null,
      attachment.blocks ? renderBlocks(attachment.blocks, surface) : mrkdwn(attachment.text ?? attachment.fallback ?? "")));
  }
  return [...parts, ...(message.files ?? []).map(file)];
}

function file(item) {
  const path = sameWorkspace(item.url_private);
  if (item.mimetype.startsWith("image/")) {
    return h("figure", { class: "file image" }, h("figcaption", {}, item.title), h("img", { class: "large", src: path, alt: item.alt_txt || item.title }));
  }
  return h("div", { class: "file" }, h("span", { class: "file-icon", "aria-hidden": "true" }, item.filetype.slice(0, 4).toUpperCase()),
    h("span", {}, link(item.url_private, item.title), h("small", {}, `${item.name} · ${Math.ceil(item.size / 1024)} kB`)));
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((item) => h("button", { class: `reaction${item.users.includes(store.me) ? " mine" : ""}`,
    data: { do: "react", name: item.name }, title: item.users.map(nameOf).join(", "), "aria-pressed": String(item.users.includes(store.me)),
    "aria-label": `${item.name}, ${item.count}` }, emoji(item.name), " ", String(item.count))));
}

function threadLink(message) {
  if (!message.reply_count) return null;
  return h("button", { class: "thread-link", data: { do: "open-thread" } },
    h("span", { class: "faces" }, message.reply_users.slice(0, 4).map((user) => avatar(user, nameOf(user), isApp(user)))),
    h("b", {}, plural(message.reply_count, "reply", "replies")),
    h("span", { class: "last" }, `last ${dayName(message.latest_reply).toLowerCase()} at ${clockTime(message.latest_reply)}`));
}

function tools(inThread) {
  const button = (what, label, face, more = {}) =>
    h("button", { class: "icon", data: { do: what, ...more }, "aria-label": label, title: label }, face);
  return h("div", { class: "tools", role: "group", "aria-label": "Message actions" },
    button("react", "React with done", icon("check"), { name: "white_check_mark" }), button("react", "React with eyes", icon("eye"), { name: "eyes" }),
    inThread ? null : button("open-thread", "Reply in thread", icon("chat")), button("more", "More actions", icon("more")));
}

function fill(container, messages, inThread) {
  const bottom = container.scrollHeight - container.scrollTop - container.clientHeight < 90;
  const place = `${store.me}/${store.channel}/${inThread ? store.thread : ""}`;
  keepPlace(container, () => reconcile(container, rows(messages, inThread), build));
  if (bottom || container.dataset.place !== place) container.scrollTop = container.scrollHeight;
  container.dataset.place = place;
}

export function drawMessages() {
  const messages = topLevel(store.channel);
  fill($("messages"), messages, false);
  $("messages").classList.toggle("empty", messages.length === 0);
}

export function drawThread() {
  const panel = $("thread");
  const messages = store.thread ? threadOf(store.channel, store.thread) : [];
  if (store.thread && !messages.length) store.thread = "";
  panel.hidden = !store.thread;
  document.body.classList.toggle("with-thread", Boolean(store.thread));
  if (store.thread) fill($("replies"), messages, true);
}

export function noticeText(message) {
  const text = (message.text ?? "").replace(/<[^>]*>/g, " ").slice(0, 80);
  return `${handleOf(message.user)}: ${text}${isReply(message) ? " (in a thread)" : ""}`;
}
