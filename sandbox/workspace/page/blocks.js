// Block Kit, drawn. Elements carry their ids as data attributes; events.js listens once for all of them.
import { h, icon } from "./dom.js";
import { markdown, richText, textObject } from "./mrkdwn.js";
import { store } from "./store.js";

const plain = (object) => (object ? object.text.replace(/&(amp|lt|gt);/g, (_, e) => ({ amp: "&", lt: "<", gt: ">" })[e]) : "");
const ids = (block, element) => ({ block: block.block_id, action: element.action_id, kind: element.type });
const draftKey = (surface, block, element) => [surface.key, block.block_id, element.action_id].join("|");
const stateOf = (surface, block, element) => surface.values?.[block.block_id]?.[element.action_id] ?? {};
const allOptions = (element) => [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((g) => g.options)];

// `surface` says where the blocks stand: {key, values, errors}.
export function renderBlocks(blocks, surface) {
  return h("div", { class: "blocks" }, blocks.map((block) => (BLOCKS[block.type] ?? unknown)(block, surface)));
}

const unknown = (block) => h("div", { class: "block unknown" }, `This page cannot draw a block of type ${block.type}.`);

const BLOCKS = {
  section: (block, surface) => h("div", { class: "block section" },
    h("div", { class: "section-text" },
      block.text ? h("div", { class: "text" }, textObject(block.text)) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => h("div", {}, textObject(field)))) : null),
    block.accessory ? h("div", { class: "accessory" }, renderElement(block, block.accessory, surface)) : null),
  header: (block) => h("h3", { class: "block header" }, textObject(block.text)),
  divider: () => h("hr", { class: "block" }),
  context: (block) => h("div", { class: "block context" }, block.elements.map((element) =>
    (element.type === "image" ? picture(element, "thumb") : h("span", {}, textObject(element))))),
  actions: (block, surface) => h("div", { class: "block actions", role: "group", "aria-label": "Actions" },
    block.elements.map((element) => renderElement(block, element, surface))),
  input: input,
  image: (block) => h("figure", { class: "block image" },
    block.title ? h("figcaption", {}, textObject(block.title)) : null, picture(block, "large")),
  rich_text: (block) => h("div", { class: "block rich-text" }, richText(block.elements)),
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text)),
  alert: (block) => h("div", { class: `block alert ${block.level ?? "default"}`, role: "note" }, textObject(block.text)),
  table: (block) => h("div", { class: "block table", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {},
    block.rows.map((row, number) => h("tr", {}, row.map((cell, column) => h(number ? "td" : "th",
      { class: `align-${block.column_settings?.[column]?.align ?? "left"}`, scope: number ? null : "col" },
      cell.type === "rich_text" ? richText(cell.elements) : String(cell.text ?? cell.value))))))),
};

function input(block, surface) {
  const error = surface.errors?.[block.block_id];
  const id = `${surface.key}-${block.block_id}`;
  const grouped = ["radio_buttons", "checkboxes"].includes(block.element.type);
  const name = [plain(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  const control = renderElement(block, block.element, surface, {
    id: grouped ? null : id, "aria-invalid": error ? "true" : null, "aria-describedby": error || block.hint ? `${id}-note` : null,
  });
  const note = error || block.hint
    ? h("p", { id: `${id}-note`, class: error ? "error" : "hint", role: error ? "alert" : null }, error ?? plain(block.hint)) : null;
  return grouped
    ? h("fieldset", { class: "block input" }, h("legend", {}, name), control, note)
    : h("div", { class: "block input" }, h("label", { for: id }, name), control, note);
}

// Pictures come from this workspace only; others are named, never fetched.
function picture(image, size) {
  const url = image.image_url ?? image.slack_file?.url ?? image.url_private ?? fileOf(image.slack_file?.id);
  const local = url && sameWorkspace(url);
  return local
    ? h("img", { class: size, src: local, alt: image.alt_text, loading: "lazy" })
    : h("span", { class: `no-picture ${size}`, title: url ?? "" }, icon("picture"), image.alt_text);
}
const fileOf = (id) => (id ? `${location.origin}/files-pri/${store.world.team.id}-${id}/picture` : null);
export function sameWorkspace(url) {
  const parsed = new URL(url, location.href);
  const here = parsed.port === location.port && ["127.0.0.1", "localhost", location.hostname].includes(parsed.hostname);
  return here ? parsed.pathname : "";
}

export function renderElement(block, element, surface, attributes = {}) {
  return (ELEMENTS[element.type] ?? unknown)(element, {
    data: ids(block, element), state: stateOf(surface, block, element), draft: draftKey(surface, block, element), attributes, surface,
  });
}

const optionText = (option) => plain(option.text) + (option.description ? ` – ${plain(option.description)}` : "");

function menu(element, { data, state, attributes }, rows, chosen) {
  const label = plain(element.placeholder) || "Choose an option";
  return h("select", { class: "select", data, "aria-label": attributes.id ? null : label, ...attributes },
    h("option", { value: "", selected: !chosen }, label), rows(chosen, state));
}
const option = (value, text, chosen) => h("option", { value, selected: value === chosen }, text);
const idMenu = (key, rows) => (element, context) => menu(element, context,
  (chosen) => rows().map(([value, text]) => option(value, text, chosen)), context.state[key]);
const people = () => store.world.people.filter((p) => !p.bot).map((p) => [p.id, p.real_name]);
const channels = () => store.world.channels.map((c) => [c.id, c.direct ? store.world.app.name : `#${c.name}`]);

function ticks(kind) {
  return (element, { data, state, attributes, draft }) => {
    const chosen = kind === "radio" ? [state.selected_option] : state.selected_options ?? [];
    return h("div", { class: "ticks", ...attributes }, element.options.map((row) => h("label", { class: "tick" },
      h("input", { type: kind, name: draft, value: row.value, data, checked: chosen.some((c) => c?.value === row.value) }),
      h("span", {}, textObject(row.text), row.description ? h("small", {}, textObject(row.description)) : null))));
  };
}

function manyMenu(rows) {
  return (element, { data, state }) => {
    const values = new Set([...(state.selected_options ?? []).map((o) => o.value), ...(state.selected_users ?? []),
      ...(state.selected_conversations ?? []), ...(state.selected_channels ?? [])]);
    const label = plain(element.placeholder) || "Choose options";
    return h("details", { class: "many" }, h("summary", {}, values.size ? `${values.size} chosen` : label),
      h("div", { class: "ticks" }, rows(element).map(([value, text]) => h("label", { class: "tick" },
        h("input", { type: "checkbox", value, data, checked: values.has(value) }), h("span", {}, text)))));
  };
}

function external(element, { data, state, attributes }) {
  const chosen = state.selected_option ? [state.selected_option] : state.selected_options ?? [];
  return h("div", { class: "combo" },
    h("input", { type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-autocomplete": "list",
      placeholder: plain(element.placeholder) || "Type to search", value: chosen.map(optionText).join(", "),
      data: { ...data, min: element.min_query_length ?? 3 }, "aria-label": attributes.id ? null : "Search", ...attributes }),
    h("div", { class: "combo-list", role: "listbox", hidden: true }));
}

const linesOf = (text) => text.split("\n").reduce((sum, line) => sum + Math.ceil((line.length + 1) / 56), 0);

function written(type) {
  return (element, { data, state, attributes, draft, surface }) => {
    const value = store.drafts.get(draft) ?? state.value ?? "";
    const common = { data: { ...data, draft }, placeholder: plain(element.placeholder), value, ...attributes,
      maxlength: element.max_length ?? 3000, autofocus: element.focus_on_load && surface.modal };
    return element.multiline
      ? h("textarea", { class: "field", rows: Math.min(14, Math.max(4, linesOf(value))), ...common })
      : h("input", { class: "field", type, inputmode: element.type === "number_input" ? "decimal" : null, ...common });
  };
}

const picker = (type, key) => (element, { data, state, attributes }) => {
  const value = type === "datetime-local" && state[key] ? new Date(state[key] * 1000).toISOString().slice(0, 16) : state[key] ?? "";
  return h("input", { class: "field short", type, value, data, "aria-label": attributes.id ? null : plain(element.placeholder) || "Date", ...attributes });
};

const ELEMENTS = {
  button: (element, { data }) => h("button", { type: "button", class: `button ${element.style ?? ""}`, data,
    "aria-label": element.accessibility_label }, textObject(element.text), element.url ? " ↗" : ""),
  overflow: (element, { data }) => h("button", { type: "button", class: "button overflow", data, "aria-label": "More actions",
    "aria-haspopup": "menu", "data-options": JSON.stringify(element.options.map((o) => [o.value, plain(o.text)])) }, "⋯"),
  static_select: (element, context) => menu(element, context, (chosen) => (element.option_groups
    ? element.option_groups.map((group) => h("optgroup", { label: plain(group.label) }, group.options.map((o) => option(o.value, optionText(o), chosen))))
    : element.options.map((o) => option(o.value, optionText(o), chosen))), context.state.selected_option?.value),
  users_select: idMenu("selected_user", people),
  conversations_select: idMenu("selected_conversation", channels),
  channels_select: idMenu("selected_channel", () => channels().filter(([id]) => id.startsWith("C"))),
  multi_static_select: manyMenu((element) => allOptions(element).map((o) => [o.value, optionText(o)])),
  multi_users_select: manyMenu(people),
  multi_conversations_select: manyMenu(channels),
  multi_channels_select: manyMenu(channels),
  external_select: external,
  multi_external_select: external,
  radio_buttons: ticks("radio"),
  checkboxes: ticks("checkbox"),
  datepicker: picker("date", "selected_date"),
  timepicker: picker("time", "selected_time"),
  datetimepicker: picker("datetime-local", "selected_date_time"),
  plain_text_input: written("text"),
  number_input: written("text"),
  email_text_input: written("email"),
  url_text_input: written("url"),
  image: (element) => picture(element, "thumb big"),
};
