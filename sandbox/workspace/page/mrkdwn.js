// Slack's text markup and rich text, turned into nodes.
import { h } from "./dom.js";
import { channelById, handleOf, isApp, store } from "./store.js";

const EMOJI = {
  "+1": "👍", "-1": "👎", thumbsup: "👍", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", eyes: "👀",
  rotating_light: "🚨", fire: "🔥", hourglass: "⌛", hourglass_flowing_sand: "⏳", clock1: "🕐", lock: "🔒", unlock: "🔓", key: "🔑",
  mag: "🔍", wrench: "🔧", hammer: "🔨", gear: "⚙️", tada: "🎉", rocket: "🚀", bell: "🔔", no_bell: "🔕", no_entry: "⛔",
  information_source: "ℹ️", question: "❓", exclamation: "❗", bulb: "💡", memo: "📝", clipboard: "📋", bar_chart: "📊",
  chart_with_upwards_trend: "📈", calendar: "📅", wave: "👋", raised_hands: "🙌", pray: "🙏", heart: "❤️", smile: "😄",
  thinking_face: "🤔", red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠",
  white_circle: "⚪", black_circle: "⚫", large_blue_circle: "🔵", repeat: "🔁", arrows_counterclockwise: "🔄", link: "🔗",
  bust_in_silhouette: "👤", busts_in_silhouette: "👥", robot_face: "🤖", computer: "💻", package: "📦", pause_button: "⏸️",
  arrow_right: "➡️", octagonal_sign: "🛑", mega: "📣", ok_hand: "👌", 100: "💯", grey_question: "❔", shield: "🛡️",
};
// Where the machine has no emoji font, signs that every font has, or the emoji's name.
const SIGNS = { white_check_mark: "✔", heavy_check_mark: "✔", x: "✘", warning: "⚠", heart: "❤", question: "?", exclamation: "!",
  information_source: "ℹ", arrow_right: "→", white_circle: "○", black_circle: "●", "+1": "+1", "-1": "-1" };
const drawable = (() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixels = (sign) => { context.clearRect(0, 0, 40, 40); context.fillText(sign, 4, 20); return context.getImageData(0, 0, 40, 40).data.join(); };
  return pixels("👀") !== pixels("🔥");
})();
export const emoji = (name) => (drawable ? EMOJI[name] : SIGNS[name]) ?? `:${name}:`;
const NAMES = Object.fromEntries(Object.entries(EMOJI).map(([name, sign]) => [sign.replace("\ufe0f", ""), name]));
const undrawable = new RegExp(Object.keys(NAMES).filter((sign) => sign !== "ℹ").join("|"), "gu");
// Text as the machine can show it.
export const legible = (text) => (drawable ? text : text.replace(undrawable, (sign) => emoji(NAMES[sign])).replace(/\ufe0f/g, ""));

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
export const decode = (text) => legible(text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]));

export function link(url, ...label) {
  const safe = /^(https?:|mailto:)/i.test(url);
  return safe ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...label) : h("span", {}, ...label);
}

export function userMention(id) {
  const mine = id === store.me || isApp(id);
  return h("span", { class: `mention${mine ? " mine" : ""}` }, `@${handleOf(id)}`);
}

export function groupMention(id, label) {
  const group = store.world.groups.find((row) => row.id === id);
  return h("span", { class: `mention${group?.members.includes(store.me) ? " mine" : ""}` }, group ? `@${group.handle}` : label ?? id);
}

export function loud(range) {
  return h("span", { class: "mention loud", title: "This would notify everybody" }, `@${range}`);
}

export function date(timestamp, format, fallback) {
  const at = new Date(timestamp * 1000);
  if (Number.isNaN(at.getTime()) || !timestamp) return document.createTextNode(fallback);
  const day = (options) => at.toLocaleDateString("en-GB", options);
  const near = { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[daysFromToday(at)];
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const long = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  const short = { day: "numeric", month: "short", year: "numeric" };
  const parts = {
    date_num: () => at.toISOString().slice(0, 10), date: () => day({ day: "numeric", month: "long", year: "numeric" }),
    date_slash: () => day({}), date_short: () => day(short), date_long: () => day(long), date_long_full: () => day(long),
    date_pretty: () => near ?? day({ day: "numeric", month: "long", year: "numeric" }),
    date_short_pretty: () => near ?? day(short), date_long_pretty: () => near ?? day(long),
    day_divider_pretty: () => near ?? day(long), time: () => time,
    time_secs: () => at.toLocaleTimeString("en-GB"), ago: () => ago(at),
  };
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => parts[name]?.() ?? whole);
  return h("time", { datetime: at.toISOString(), title: fallback }, text);
}

export function daysFromToday(at) {
  const midnight = (when) => new Date(when).setHours(0, 0, 0, 0);
  return Math.round((midnight(at) - midnight(Date.now())) / 86_400_000);
}

function ago(at) {
  const minutes = Math.round((Date.now() - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 1440 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} d ago`;
}

function angle(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : decode(body.slice(bar + 1));
  if (target.startsWith("@")) return userMention(target.slice(1));
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${channelById(target.slice(1))?.name ?? label}`);
  if (target.startsWith("!subteam^")) return groupMention(target.slice(9), label);
  if (/^!(here|channel|everyone)$/.test(target)) return loud(target.slice(1));
  if (target.startsWith("!date^")) {
    const [, stamp, format] = target.split("^");
    return date(Number(stamp), format ?? "", label);
  }
  if (target.startsWith("!")) return document.createTextNode(label || target);
  return link(decode(target), label || decode(target));
}

// Formatting characters count only beside something that is no word character.
const RULES = [
  [/```\n?([\s\S]+?)\n?```/y, (m) => h("pre", {}, decode(m[1]))],
  [/`([^`\n]+)`/y, (m) => h("code", {}, decode(m[1]))],
  [/<([^<>\n]+)>/y, (m) => angle(m[1])],
  [/\*(?=\S)([^*\n]*[^*\s])\*(?!\w)/y, (m) => h("b", {}, inline(m[1])), true],
  [/_(?=\S)([^_\n]*[^_\s])_(?!\w)/y, (m) => h("i", {}, inline(m[1])), true],
  [/~(?=\S)([^~\n]*[^~\s])~(?!\w)/y, (m) => h("s", {}, inline(m[1])), true],
  [/:([a-z0-9_+-]+):/y, (m) => document.createTextNode(emoji(m[1])), true],
  [/https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)]/y, (m) => link(decode(m[0]), decode(m[0])), true],
];

function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => { if (plain) nodes.push(decode(plain)); plain = ""; };
  for (let at = 0; at < text.length; ) {
    let found = null;
    for (const [rule, build, atWordStart] of RULES) {
      if (atWordStart && /\w/.test(text[at - 1] ?? " ")) continue;
      rule.lastIndex = at;
      const match = rule.exec(text);
      if (match) { found = [match, build]; break; }
    }
    if (found) { flush(); nodes.push(found[1](found[0])); at += found[0][0].length; }
    else plain += text[at++];
  }
  flush();
  return nodes;
}

export function mrkdwn(text) {
  const nodes = [];
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith("```")) { nodes.push(...inline(part)); continue; }
    for (const piece of part.split(/((?:^(?:&gt;|>) ?.*(?:\n|$))+)/m)) {
      if (!piece) continue;
      if (/^(?:&gt;|>)/.test(piece)) nodes.push(h("blockquote", {}, inline(piece.replace(/^(?:&gt;|>) ?/gm, "").trimEnd())));
      else nodes.push(...inline(piece));
    }
  }
  return nodes;
}

export function textObject(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  const text = decode(object.text);
  return [object.emoji === false ? text : text.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name))];
}

const LEAVES = {
  text: (leaf) => legible(leaf.text),
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  user: (leaf) => userMention(leaf.user_id),
  usergroup: (leaf) => groupMention(leaf.usergroup_id),
  channel: (leaf) => h("span", { class: "mention" }, `#${channelById(leaf.channel_id)?.name ?? leaf.channel_id}`),
  broadcast: (leaf) => loud(leaf.range),
  emoji: (leaf) => emoji(leaf.name),
  date: (leaf) => date(leaf.timestamp, leaf.format, leaf.fallback ?? ""),
  color: (leaf) => h("code", {}, leaf.value),
};
const STYLES = { bold: "b", italic: "i", strike: "s", underline: "u", code: "code" };

function richLeaf(leaf) {
  const inner = LEAVES[leaf.type]?.(leaf) ?? "";
  return Object.entries(STYLES).reduceRight((node, [name, tag]) => (leaf.style?.[name] ? h(tag, {}, node) : node), inner);
}

export function richText(elements) {
  return elements.map((element) => {
    const leaves = () => element.elements.map(richLeaf);
    if (element.type === "rich_text_list") {
      const rows = element.elements.map((row) => h("li", {}, row.elements.map(richLeaf)));
      return h(element.style === "ordered" ? "ol" : "ul", { class: `rich-list indent-${element.indent ?? 0}` }, rows);
    }
    if (element.type === "rich_text_preformatted") return h("pre", {}, leaves());
    if (element.type === "rich_text_quote") return h("blockquote", {}, leaves());
    return h("div", { class: "rich" }, leaves());
  });
}

// The `markdown` block: headings, lists, emphasis, code and links of ordinary Markdown.
export function markdown(text) {
  const toSlack = (line) => line
    .replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c])
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, "<$2|$1>").replace(/\*\*(.+?)\*\*/g, "*$1*");
  return text.split("\n").map((line) => {
    const heading = /^#{1,6} (.*)/.exec(line);
    if (heading) return h("b", { class: "heading" }, inline(toSlack(heading[1])));
    const item = /^\s*(?:[-*+]|\d+\.) (.*)/.exec(line);
    return h("div", { class: item ? "bullet" : "rich" }, inline(toSlack(item ? item[1] : line)));
  });
}
