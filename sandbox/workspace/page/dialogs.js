// Modals, confirm dialogs, small menus and toasts.
import { renderBlocks } from "./blocks.js";
import { $, h, keepPlace } from "./dom.js";
import { act, store } from "./store.js";
import { textObject } from "./mrkdwn.js";

export function toast(text, kind = "info") {
  const node = h("div", { class: `toast ${kind}` }, text, h("button", { class: "icon", data: { do: "close-toast" }, "aria-label": "Close" }, "✕"));
  $("toasts").append(node);
  setTimeout(() => node.remove(), 9000);
}

// The top view of the stack; drawn again whenever the server says that it has changed.
export function drawModal() {
  const dialog = $("modal");
  const view = store.views.at(-1);
  if (!view) {
    if (dialog.open) dialog.close("server");
    return;
  }
  const version = JSON.stringify(view);
  if (dialog.open && dialog.dataset.version === version) return;
  const scrolled = dialog.dataset.view === view.id ? dialog.querySelector(".modal-body")?.scrollTop : 0;
  dialog.dataset.version = version;
  dialog.dataset.view = view.id;
  const surface = { key: view.id, values: view.state.values, errors: view.errors, modal: true };
  const kept = keepPlace(dialog, () => dialog.replaceChildren(h("form", { method: "dialog", novalidate: true, data: { view: view.id }, id: "modal-form" },
    h("header", { class: "modal-head" },
      store.views.length > 1 ? h("button", { type: "button", class: "icon", data: { do: "close-view" }, "aria-label": "Back" }, "←") : null,
      h("h2", { id: "modal-title" }, textObject(view.title)),
      h("button", { type: "button", class: "icon", data: { do: "close-all" }, "aria-label": "Close" }, "✕")),
    h("div", { class: "modal-body", tabindex: "-1" },
      view.failed ? h("p", { class: "error banner", role: "alert" }, view.failed) : null, renderBlocks(view.blocks, surface)),
    h("footer", { class: "modal-foot" },
      h("span", { class: "by" }, store.world.app.name),
      h("button", { type: "button", class: "button", data: { do: "close-view" } }, view.close ? textObject(view.close) : "Cancel"),
      view.submit ? h("button", { type: "submit", class: "button primary", disabled: Boolean(view.submit_disabled) }, textObject(view.submit)) : null))));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".modal-body").scrollTop = scrolled ?? 0;
  const wrong = dialog.querySelector("[aria-invalid]");
  if (kept && !wrong) return;
  const wanted = wrong ?? dialog.querySelector("[autofocus]") ?? dialog.querySelector(".modal-body :is(input, textarea, select)") ?? dialog.querySelector("[type=submit]");
  wanted?.focus();
  if (wanted?.matches("textarea")) wanted.scrollTop = 0;
}

export async function submitModal(form) {
  const button = form.querySelector("[type=submit]");
  if (!button || button.disabled) return;
  button.disabled = true;
  button.classList.add("busy");
  const view = form.dataset.view;
  const values = {};
  for (const field of form.querySelectorAll("[data-draft]")) values[field.dataset.block] = field.value;
  const answer = await act("submit", { view, values });
  if (answer.ok) [...store.drafts.keys()].filter((key) => key.startsWith(view)).forEach((key) => store.drafts.delete(key));
  button.disabled = false;
  button.classList.remove("busy");
}

export const closeModal = (all) => act("close", { all });

// Resolves to true when the person agrees.
export function confirm(wanted) {
  const dialog = $("confirm");
  dialog.replaceChildren(h("form", { method: "dialog" },
    h("header", { class: "modal-head" }, h("h2", { id: "confirm-title" }, wanted.title)),
    h("div", { class: "modal-body", id: "confirm-text" }, textObject({ type: "mrkdwn", text: wanted.text })),
    h("footer", { class: "modal-foot" }, h("button", { class: "button", value: "no" }, wanted.deny),
      h("button", { class: "button primary", value: "yes", autofocus: true }, wanted.confirm))));
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

let opener = null;

// rows: [value, label, note?]; calls back with the value.
export function popup(anchor, rows, chosen) {
  const menu = $("menu");
  opener = anchor;
  menu.replaceChildren(...rows.map(([value, label, note]) => {
    const item = h("button", { type: "button", role: "menuitem", class: "menu-item", data: { value } }, h("span", {}, label), note ? h("small", {}, note) : null);
    item.addEventListener("click", () => { closePopup(); chosen(value); }, { once: true });
    return item;
  }));
  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.hidden = false;
  const box = anchor.getBoundingClientRect();
  const below = box.bottom + menu.offsetHeight + 8 < innerHeight;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - menu.offsetHeight - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.firstElementChild?.focus();
}

export function closePopup() {
  if ($("menu").hidden) return false;
  $("menu").hidden = true;
  opener?.focus();
  return true;
}
