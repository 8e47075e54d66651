// A peer in a room: one signaling connection and one `Remote` for each member. The page listens to its events.

import { Remote } from "./remote.js";
import { Signaling } from "./signaling.js";

// The bounds of the native peer (src/limits.rs).
const RECONNECT_ATTEMPTS = 5;
const RECONNECT_PAUSE_MS = 1000;
const ENTER_ATTEMPTS = 8;
const TRACE_LINES_MAX = 20_000;
const REMOTES_MAX = 512;
const PAYLOADS = { offer: "offer", answer: "answer", "ice-candidate": "candidate" };

export class Session extends EventTarget {
  // `settings`: base (the server's address), wire ("json" or "sio"), room, enter ("create", "join" or "either"), name,
  // strategy, iceServers; `media` has `stream`, `tracks()`, `videoTrack()`, `switches()`.
  constructor(settings, media) {
    super();
    Object.assign(this, settings, { media, remotes: new Map(), place: "outside", isOver: false, attempt: 0 });
    this.trace = [];
    const implementation = "reference-peer/web";
    this.record({ peer: { version: 1, strategy: this.strategy, implementation } });
  }

  record(line) {
    if (this.trace.length < TRACE_LINES_MAX) this.trace.push(JSON.stringify(line));
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // Connects and enters; resolves when we are in the room, rejects with why we never will be.
  start() {
    return new Promise((resolve, reject) => {
      Object.assign(this, { entered: resolve, refused: reject });
      this.connect();
    });
  }

  async connect() {
    const hear = (event, data) => this.hear(event, data);
    this.signaling = new Signaling(this.base, this.wire, hear, (reason) => this.lost(reason));
    try {
      this.ownId = await this.signaling.open();
    } catch (error) {
      if (this.isOver) return;
      if (this.refused) this.giveUp(error.message);
      else this.retry(error.message);
      return;
    }
    if (this.isOver) return;
    this.record({ identity: this.ownId });
    this.asked = 0;
    this.ask(this.enter === "create" ? "create-room" : "join-room");
  }

  ask(event) {
    Object.assign(this, { place: "asking", request: event, asked: this.asked + 1 });
    this.ack = this.signaling.request(event, this.room);
  }

  hear(event, data) {
    if (event === "ack") this.hearAck(data);
    else if (event === "user-joined") this.joined(data?.userId);
    else if (event === "user-left") this.left(data?.userId);
    else if (event === "room-closed") this.end({ reason: "room-closed", message: data?.reason ?? "The host closed the room." });
    else if (event === "error") this.fire("problem", { message: `The server says ${data?.type}: ${data?.message}` });
    else if (PAYLOADS[event] && this.place === "inside") {
      const kind = PAYLOADS[event];
      if (typeof data?.from === "string") this.remote(data.from)?.signal(kind, data[kind]);
    }
  }

  hearAck({ ack, data }) {
    if (this.place !== "asking" || ack !== this.ack) return;
    if (data?.success === true) {
      Object.assign(this, { place: "inside", attempt: 0 });
      // The room may be gone when we come back after a fault, and it may be there already.
      this.enter = "either";
      this.entered?.({ created: this.request === "create-room" });
      Object.assign(this, { entered: null, refused: null });
      this.fire("entered", { ownId: this.ownId });
      for (const user of data.existingUsers ?? []) this.remote(user)?.put("met-joiner");
      return;
    }
    if (this.enter !== "either" || this.asked === ENTER_ATTEMPTS || data?.code === "room-full") {
      this.end({ reason: "refused", code: data?.code, message: data?.error ?? "The server gives no reason." });
      return;
    }
    this.ask(this.request === "join-room" ? "create-room" : "join-room");
  }

  joined(user) {
    if (typeof user !== "string") return;
    const remote = this.remote(user);
    if (this.place !== "inside") remote?.put("met-outside");
    else {
      this.fire("joined", { id: user });
      remote?.put("met-resident");
    }
  }

  left(user) {
    if (this.place !== "inside" || !this.remotes.has(user)) return;
    this.remotes.get(user).put("gone");
    this.fire("left", { id: user });
  }

  // A member's `Remote`, built if it is new. It is kept when the member leaves, for its meeting number.
  remote(user) {
    if (user === this.ownId) return undefined;
    if (!this.remotes.has(user)) {
      if (this.remotes.size === REMOTES_MAX) return undefined;
      this.remotes.set(user, new Remote(this, this.ownId, user));
    }
    return this.remotes.get(user);
  }

  send(event, data) {
    this.signaling.send(event, data);
  }

  tell(id, name, detail) {
    if (name === "said") return this.said(id, detail);
    return this.fire(name, { id, detail });
  }

  said(id, text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      message = null;
    }
    if (message?.type === "profile") this.fire("profile", { id, detail: message });
    else this.fire("chat", { id, text: message?.type === "chat" ? String(message.text) : text });
  }

  profile() {
    return { type: "profile", name: this.name, ...this.media.switches(), screen: this.media.screen !== null };
  }

  // Writes to everybody; returns how many could be reached.
  chat(text) {
    return this.sayToAll({ type: "chat", text });
  }

  sayToAll(message) {
    return [...this.remotes.values()].filter((remote) => remote.connection && remote.say(message)).length;
  }

  // The microphone or the camera was switched: others are told.
  switched() {
    this.sayToAll(this.profile());
  }

  // The video track has another source now.
  replaced() {
    for (const remote of this.remotes.values()) if (remote.connection) remote.put("replace-track");
  }

  // A track came to be that was not there when the connections were built.
  addTrack(track) {
    for (const remote of this.remotes.values()) remote.addTrack(track);
  }

  restartIce(id) {
    for (const remote of this.remotes.values()) {
      if (remote.connection && (id === undefined || remote.id === id)) remote.put("ice-failed");
    }
  }

  lost(reason) {
    this.fire("lost", { reason });
    this.retry(reason);
  }

  // As long as there are attempts left: everything is void, and a second later we begin again.
  async retry(reason) {
    await this.closeRemotes();
    if (this.isOver) return;
    if (this.attempt === RECONNECT_ATTEMPTS) {
      this.giveUp(reason);
      return;
    }
    this.attempt += 1;
    this.fire("reconnecting", { attempt: this.attempt, of: RECONNECT_ATTEMPTS });
    this.timer = setTimeout(() => this.connect(), RECONNECT_PAUSE_MS);
  }

  giveUp(message) {
    this.end({ reason: "unreachable", message });
  }

  // Leaves the room and stays connected.
  async leaveRoom() {
    this.place = "outside";
    for (const remote of this.remotes.values()) remote.put("gone");
    this.signaling.send("leave-room");
    await Promise.all([...this.remotes.values()].map((remote) => remote.rest()));
  }

  enterRoom(room) {
    Object.assign(this, { room, asked: 0 });
    this.ask("join-room");
  }

  leave() {
    if (this.place === "inside") this.signaling.send("leave-room");
    return this.end({ reason: "left" });
  }

  async end(detail) {
    if (this.isOver) return;
    Object.assign(this, { isOver: true, place: "outside" });
    clearTimeout(this.timer);
    await this.closeRemotes();
    this.signaling.close();
    if (this.refused) this.refused(detail);
    this.fire("ended", detail);
  }

  async closeRemotes() {
    this.place = "outside";
    const remotes = [...this.remotes.values()];
    for (const remote of remotes) if (remote.connection || remote.isBusy) remote.put("gone");
    await Promise.all(remotes.map((remote) => remote.rest()));
    this.record({ closed: { open_connections: remotes.filter((remote) => remote.connection).length } });
    this.remotes.clear();
  }
}
