// The page: home, call, and what connects them.

import { Media, deviceError } from "./media.js";
import { Session } from "./session.js";
import { Monitor } from "./monitor.js";
import { Tiles } from "./tiles.js";

const TOAST_MS = 5000;
const find = (id) => document.getElementById(id);
const tiles = new Tiles(find("grid"), find("tile"));
let session = null;
let media = null;
let monitor = null;

// For scripts that watch this page.
window.glare = {
  get session() { return session; },
  get media() { return media; },
  trace: () => session?.trace ?? [],
};

// What a refusal means for people, by its code.
const REFUSALS = {
  "room-not-found": "There is no such room. Create it, or check the name.",
  "room-exists": "There is a room of this name already. Join it, or choose another name.",
  "invalid-room-id": "A room needs a name of 1 to 64 characters.",
  "room-full": "The room is full.",
};

function toast(text, isBad = false) {
  const note = document.createElement("p");
  note.textContent = text;
  note.classList.toggle("bad", isBad);
  find("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

function trouble(text) {
  find("trouble").hidden = !text;
  find("trouble").textContent = text ?? "";
}

function spin(text) {
  find("spinner").hidden = !text;
  find("spinner").querySelector("p").textContent = text ?? "";
}

// A link that somebody broke on the way names the room that it says.
function roomOfLink() {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function prepareHome() {
  const query = new URLSearchParams(location.search);
  const stored = (name) => localStorage.getItem(`glare-${name}`);
  find("room").value = roomOfLink();
  find("name").value = query.get("name") ?? stored("name") ?? "";
  find("server").value = query.get("server") ?? location.origin;
  find("wire").value = query.get("wire") ?? "json";
  find("strategy").value = query.get("strategy") ?? "lower-id-offers";
  find("ice").value = query.get("ice") ?? stored("ice") ?? "";
  window.onhashchange = () => { if (!session) find("room").value = roomOfLink(); };
}

function iceServers() {
  const lines = find("ice").value.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.map((line) => {
    const [urls, username, credential] = line.split(/\s+/);
    return username === undefined ? { urls } : { urls, username, credential };
  });
}

async function enter(how) {
  trouble(null);
  media = new Media();
  try {
    if (find("with-media").checked) {
      spin("Waiting for camera and microphone");
      await media.open();
    }
    spin("Connecting");
    const name = find("name").value.trim();
    localStorage.setItem("glare-name", name);
    localStorage.setItem("glare-ice", find("ice").value);
    const settings = {
      base: find("server").value, wire: find("wire").value, room: find("room").value, enter: how, name,
      strategy: find("strategy").value, iceServers: iceServers(),
    };
    session = new Session(settings, media);
    listen(session);
    const { created } = await session.start();
    showCall(created);
  } catch (error) {
    media.close();
    session = null;
    tiles.clear();
    const isDevice = error instanceof DOMException;
    trouble(isDevice ? deviceError(error) : REFUSALS[error.code] ?? error.message ?? String(error));
  }
  spin(null);
}

function showCall(created) {
  find("home").hidden = true;
  find("call").hidden = false;
  location.hash = encodeURIComponent(session.room);
  document.title = `${session.room} · Glare`;
  find("room-name").textContent = session.room;
  for (const kind of ["audio", "video"]) showSwitch(kind);
  media.onscreenend = showScreen;
  monitor = new Monitor(session, (id, text) => tiles.get(id)?.stats(text));
  showFlip();
  if (created) toast("The room is open. Send the invite link to others.");
}

async function showFlip() {
  const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
  find("flip").hidden = !media.track("video") || devices.filter((device) => device.kind === "videoinput").length < 2;
}

function showHome(message, isBad) {
  find("toasts").replaceChildren();
  monitor?.stop();
  media?.close();
  tiles.clear();
  [session, media, monitor] = [null, null, null];
  find("messages").replaceChildren();
  find("chat").hidden = true;
  find("open-chat").setAttribute("aria-pressed", "false");
  find("unread").hidden = true;
  find("call").hidden = true;
  find("home").hidden = false;
  document.title = "Glare";
  if (isBad) trouble(message);
  else if (message) toast(message);
}

function listen(current) {
  const on = (name, act) => current.addEventListener(name, ({ detail }) => act(detail));
  on("entered", () => {
    signal("connected");
    tiles.clear();
    const own = tiles.open("own", `${current.name} (you)`);
    own.own(media.stream);
    own.hears(media.switches().audio);
    own.shows(media.switches().video);
  });
  on("joined", ({ id }) => {
    tiles.open(id, "Guest").isNew = true;
  });
  on("left", ({ id }) => {
    if (tiles.get(id)) toast(`${tiles.get(id).name} left`);
    tiles.close(id);
  });
  on("connection", ({ id, detail }) => {
    if (detail === "closed") tiles.get(id)?.state("closed");
    else tiles.open(id, "Guest").state(detail);
  });
  on("track", ({ id, detail: { track, stream } }) => {
    const tile = tiles.open(id, "Guest");
    tile.attach(stream);
    if (track.kind === "video") tile.shows(true);
  });
  on("profile", ({ id, detail }) => {
    const tile = tiles.open(id, "Guest");
    tile.rename(String(detail.name));
    tile.hears(Boolean(detail.audio));
    tile.shows(Boolean(detail.video), Boolean(detail.screen));
    if (tile.isNew) toast(`${tile.name} joined`);
    tile.isNew = false;
  });
  on("chat", ({ id, text }) => showMessage(tiles.get(id)?.name ?? id, text));
  on("problem", ({ id, message, detail }) => toast(`${id ? `${tiles.get(id)?.name ?? id}: ` : ""}${message ?? detail}`, true));
  on("lost", ({ reason }) => {
    signal("disconnected");
    toast(`Lost the server: ${reason}`, true);
  });
  on("reconnecting", ({ attempt, of }) => {
    signal("connecting", `reconnecting ${attempt}/${of}`);
    for (const id of [...tiles.tiles.keys()]) if (id !== "own") tiles.close(id);
  });
  on("ended", (end) => {
    if (find("call").hidden) return;
    if (end.reason === "left") showHome("You left the room.");
    else if (end.reason === "room-closed") showHome(`The room was closed. ${end.message}`, true);
    else showHome(REFUSALS[end.code] ?? `The call ended: ${end.message}`, true);
  });
}

function signal(state, text = state) {
  find("signal").dataset.state = state;
  find("signal").textContent = text;
}

function showMessage(name, text, isOwn = false) {
  const [item, author] = [document.createElement("li"), document.createElement("b")];
  author.textContent = name;
  item.classList.toggle("own", isOwn);
  item.append(author, text);
  find("messages").append(item);
  item.scrollIntoView({ block: "end" });
  if (find("chat").hidden) {
    find("unread").hidden = false;
    find("unread").textContent = String(Number(find("unread").textContent || 0) + 1);
  }
}

function showSwitch(kind) {
  const button = find(kind === "audio" ? "microphone" : "camera");
  const track = media.track(kind);
  button.disabled = !track;
  button.setAttribute("aria-pressed", String(Boolean(track?.enabled)));
}

// What our own tile and the others see after a switch.
function switched() {
  const { audio, video } = media.switches();
  const own = tiles.get("own");
  own?.hears(audio);
  own?.shows(video, media.screen !== null);
  session.switched();
}

function toggle(kind) {
  media.toggle(kind);
  showSwitch(kind);
  switched();
}

function showScreen() {
  find("screen").setAttribute("aria-pressed", String(media.screen !== null));
  const own = tiles.get("own");
  if (own) own.video.srcObject = media.screen ?? media.stream;
  const track = media.videoTrack();
  if (track) session.addTrack(track);
  session.replaced();
  switched();
}

async function toggleScreen() {
  try {
    if (media.screen) media.endScreen();
    else await media.shareScreen();
  } catch (error) {
    if (error.name !== "NotAllowedError") toast(`The screen cannot be shared: ${error.message}`, true);
    return;
  }
  if (session) showScreen();
  else media?.endScreen();
}

async function flip() {
  try {
    if (await media.nextCamera()) showScreen();
  } catch (error) {
    toast(deviceError(error), true);
  }
}

async function copyInvite() {
  const link = new URL(`#${encodeURIComponent(session.room)}`, location.origin + location.pathname).href;
  try {
    await navigator.clipboard.writeText(link);
    toast("Invite link copied");
  } catch {
    toast(link);
  }
}

function toggleChat() {
  const isOpen = find("chat").hidden;
  find("chat").hidden = !isOpen;
  find("open-chat").setAttribute("aria-pressed", String(isOpen));
  find("unread").hidden = true;
  find("unread").textContent = "";
  if (isOpen) find("message").focus();
}

find("enter").onsubmit = (event) => {
  event.preventDefault();
  enter(event.submitter?.value === "create" ? "create" : "join");
};
find("say").onsubmit = (event) => {
  event.preventDefault();
  const text = find("message").value.trim();
  if (!text) return;
  find("message").value = "";
  showMessage("You", text, true);
  if (session.chat(text) === 0) toast("Nobody is connected yet, so nobody read that.", true);
};
find("microphone").onclick = () => toggle("audio");
find("camera").onclick = () => toggle("video");
find("flip").onclick = flip;
find("screen").onclick = toggleScreen;
find("open-chat").onclick = toggleChat;
find("invite").onclick = copyInvite;
find("leave").onclick = () => session.leave();
// The browser asks before a call is closed by accident.
window.onbeforeunload = (event) => { if (session) event.preventDefault(); };
window.onpagehide = () => session?.leave();
prepareHome();
