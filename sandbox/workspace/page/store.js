// What one person sees, kept in step with the server, and the calls by which that person acts.

export const store = {
  me: "",
  world: null, // people, channels, commands, shortcuts
  messages: new Map(), // channel id → Map(ts → message)
  views: [],
  home: null,
  channel: "",
  tab: "messages",
  thread: "",
  drafts: new Map(), // text typed into fields: view or message | block | action → text
};

let stream = null;
const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);
const tell = (what) => listeners.forEach((listener) => listener(what));

async function request(path, options) {
  try {
    const response = await fetch(path, { credentials: "same-origin", ...options });
    return await response.json();
  } catch {
    return { ok: false, error: "unreachable", message: "The workspace does not answer. Is it still running?" };
  }
}

export function act(verb, body = {}) {
  return request(`/person/${store.me}/${verb}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}

export async function become(person) {
  stream?.close();
  store.me = person;
  const world = await request(`/person/${person}/workspace`);
  if (!world.ok) return world;
  Object.assign(store, { world, me: world.me, messages: new Map(), views: [], home: null, thread: "" });
  localStorage.setItem("person", world.me);
  stream = new EventSource(`/person/${store.me}/events?since=0`);
  let first = true;
  stream.onmessage = (event) => { merge(JSON.parse(event.data), first); first = false; };
  stream.onerror = () => tell({ offline: true });
  stream.onopen = () => tell({ online: true });
  tell({ person: true });
  return world;
}

async function merge(screen, first) {
  for (const message of screen.messages) {
    if (!store.messages.has(message.channel)) store.messages.set(message.channel, new Map());
    const room = store.messages.get(message.channel);
    if (message.deleted) room.delete(message.ts);
    else room.set(message.ts, message);
  }
  if ("views" in screen) store.views = screen.views;
  if ("home" in screen) store.home = screen.home;
  if (screen.members_changed) store.world = await request(`/person/${store.me}/workspace`);
  tell({ messages: screen.messages, views: "views" in screen, home: "home" in screen, first,
    world: screen.members_changed, notices: first ? [] : screen.notices });
}

const byTs = (a, b) => (a.ts < b.ts ? -1 : 1);
export const messagesOf = (channel) => [...(store.messages.get(channel)?.values() ?? [])].sort(byTs);
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
export const topLevel = (channel) =>
  messagesOf(channel).filter((m) => !isReply(m) || m.subtype === "thread_broadcast");
export const threadOf = (channel, ts) => messagesOf(channel).filter((m) => m.ts === ts || m.thread_ts === ts);

export const channelById = (id) => store.world.channels.find((channel) => channel.id === id);
export const personById = (id) => store.world.people.find((person) => person.id === id);
export const isApp = (id) => id === store.world.app.user;
export const nameOf = (id) => (isApp(id) ? store.world.app.name : personById(id)?.real_name ?? id);
export const handleOf = (id) => (isApp(id) ? store.world.app.name : personById(id)?.name ?? id);

const readKey = () => `read:${store.me}`;
const readMarks = () => JSON.parse(localStorage.getItem(readKey()) ?? "{}");

export function markRead(channel) {
  const last = messagesOf(channel).at(-1)?.ts;
  if (last) localStorage.setItem(readKey(), JSON.stringify({ ...readMarks(), [channel]: last }));
}

// Messages of others since the channel was last looked at, and how many of them name this person.
export function unread(channel) {
  const since = readMarks()[channel.id] ?? "0";
  const groups = store.world.groups.filter((group) => group.members.includes(store.me)).map((group) => `^${group.id}`);
  const names = [`<@${store.me}`, ...groups];
  const fresh = messagesOf(channel.id).filter((m) => m.ts > since && m.user !== store.me);
  const calls = fresh.filter((m) => channel.direct || names.some((name) => JSON.stringify(m).includes(name)));
  return { any: fresh.length > 0, calls: calls.length };
}
