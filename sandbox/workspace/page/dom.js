// Small helpers to build nodes; nothing here ever parses HTML, so no message can become markup.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value" || name === "checked" || name === "selected" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const ICONS = {
  eye: "M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-7 9c0-4 3-6 7-6s7 2 7 6m1-9.5a3 3 0 0 0 0-6m2 9.6c2 .7 3 2.6 3 5.9",
  chat: "M4 4h16v12H10l-5 4v-4H4z",
  check: "M4 12.5l5 5L20 6.5",
  shared: "M8 8V4h12v12h-4M4 8h12v12H4z",
  more: "M12 5v.01M12 12v.01M12 19v.01",
  bolt: "M13 2L5 14h6l-1 8 8-12h-6z",
  send: "M3 20l18-8L3 4l3 8zm3-8h8",
  picture: "M3 5h18v14H3zm3 11l4-5 4 4 2-2 4 4",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const attributes = { viewBox: "0 0 24 24", class: `svg svg-${name}`, "aria-hidden": "true" };
  Object.entries(attributes).forEach(([key, value]) => svg.setAttribute(key, value));
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export const $ = (id) => document.getElementById(id);

// Keeps the nodes of items whose version is unchanged, so that focus, scrolling and half-made choices survive.
export function reconcile(container, items, build) {
  const known = new Map([...container.children].map((node) => [node.dataset.key, node]));
  let before = null;
  for (const { key, version, ...item } of items) {
    let node = known.get(key);
    if (node && node.dataset.version === version) known.delete(key);
    else {
      const fresh = build(item);
      fresh.dataset.key = key;
      fresh.dataset.version = version;
      if (node) node.replaceWith(fresh);
      known.delete(key);
      node = fresh;
    }
    const expected = before ? before.nextSibling : container.firstChild;
    if (node !== expected) container.insertBefore(node, expected);
    before = node;
  }
  known.forEach((node) => node.remove());
}

// Draws again without losing the focus: it goes back to the element with the same ids.
export function keepPlace(holder, redraw) {
  const active = holder.contains(document.activeElement) ? document.activeElement : null;
  const where = (node) => [node.dataset.block, node.dataset.action, node.closest("[data-key]")?.dataset.key].join("|");
  const mark = active?.dataset.action && { at: where(active), value: active.value, open: active.closest("details")?.open };
  redraw();
  if (!mark || holder.contains(active)) return Boolean(active && holder.contains(active));
  const same = [...holder.querySelectorAll("[data-action]")].filter((node) => where(node) === mark.at);
  const node = same.find((one) => !["radio", "checkbox"].includes(one.type) || one.value === mark.value);
  if (!node) return false;
  if (mark.open) node.closest("details").open = true;
  node.focus({ preventScroll: true });
  if (node.matches("textarea, input[type=text]")) node.setSelectionRange(node.value.length, node.value.length);
  return true;
}

export function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return ((words[0]?.[0] ?? "?") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
}

// People get colours in turn, so that nobody here looks like somebody else.
const tones = new Map();
export function tone(id) {
  if (!tones.has(id)) tones.set(id, tones.size % 8);
  return `tone-${tones.get(id)}`;
}

export function avatar(id, name, app = false) {
  return h("span", { class: `avatar ${app ? "tone-app" : tone(id)}`, "aria-hidden": "true" }, app ? "ni" : initials(name));
}
