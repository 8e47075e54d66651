// One remote: a queue of events, each handed to the negotiation, and its commands carried out to the end before the next.

import { UNKNOWN, gathering, role, signaling, step } from "./negotiation.js";
import { Outsider, line } from "./payload.js";

const CHANNEL_ID = 100;
const QUEUE_MAX = 1024;
const CHANNEL_GRACE_MS = 500;
const FOUND_MAX = 256;
const ICE_EVENTS = { connected: "ice-connected", completed: "ice-connected", disconnected: "ice-disconnected", failed: "ice-failed" };

const HANDLERS = [
  "onicecandidate", "oniceconnectionstatechange", "onconnectionstatechange", "ontrack", "onnegotiationneeded", "ondatachannel",
];

const sends = (direction) => direction === "sendrecv" || direction === "sendonly";

// Whether what a transceiver should send is in no description yet.
function isUnnegotiated({ mid, direction, currentDirection }) {
  return direction !== "stopped" && (mid === null || (sends(direction) && !sends(currentDirection)));
}

// The meetings that went lost when a remote was given up. A signal's cargo is the remote's, and may say anything.
const missedBefore = (event, cargo) => (event === "gone" && cargo?.meetings) || 0;

export class Remote {
  // `host` is the session: strategy, iceServers, media, send(kind, data), record(line), tell(remote, name, detail).
  constructor(host, ownId, id) {
    Object.assign(this, { host, id, role: role(ownId, id), state: { ...UNKNOWN }, outsider: new Outsider() });
    Object.assign(this, { connection: null, kept: [], queue: [], isBusy: false, channels: new Set(), senders: new Map() });
  }

  // Hands over an event. `cargo` is what the negotiation does not look at: a payload, or what to do before.
  put(event, cargo) {
    if (this.queue.length < QUEUE_MAX) this.queue.push([event, cargo]);
    else this.giveUp(event);
    this.work();
  }

  // A remote that is not kept up with is given up, as the native peer does: nothing of what waits is told from what is missing.
  // But the remote counts the meetings in it, so they are counted here, too.
  giveUp(refused) {
    const isMeeting = (event) => typeof event === "string" && event.startsWith("met-");
    const meetings = ([event, cargo]) => (isMeeting(event) ? 1 : missedBefore(event, cargo));
    this.queue = [["gone", { meetings: [...this.queue, [refused]].reduce((sum, waiting) => sum + meetings(waiting), 0) }]];
    this.tell("problem", "more waits for it than can be handled: the connection is given up");
  }

  signal(kind, payload) {
    this.put({ kind }, payload);
  }

  async work() {
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.queue.length > 0) {
      const [event, cargo] = this.queue.shift();
      await this.handle(event, cargo);
    }
    this.isBusy = false;
    this.idle?.();
  }

  // Resolves when nothing waits any more.
  rest() {
    return this.isBusy ? new Promise((resolve) => { this.idle = resolve; }) : Promise.resolve();
  }

  async handle(event, cargo) {
    let actual = event;
    if (event.kind) {
      try {
        actual = { [event.kind]: this.outsider.numbers(event.kind, cargo, this.state) };
      } catch (error) {
        return this.tell("problem", `its ${event.kind} is ignored: ${error.message}`);
      }
    }
    if (cargo?.of && cargo.of !== this.connection) return undefined;
    // A candidate of a generation that was given up meanwhile belongs to no description any more.
    if (event === "gathered" && this.generations.get(cargo.ufrag) !== gathering(this.state)) return undefined;
    const failure = await this.perform(actual, cargo);
    if (failure) {
      this.tell("problem", failure);
      await this.perform("gone");
    }
    for (let missed = missedBefore(event, cargo); missed > 0; missed -= 1) await this.perform("met-outside");
    return undefined;
  }

  async perform(event, cargo) {
    const { state, did } = step(this.state, this.host.strategy, this.role, event);
    this.state = state;
    const done = [];
    let failed;
    let isFatal = false;
    for (const command of did) {
      done.push(command);
      try {
        await this.carryOut(command, cargo);
      } catch (error) {
        failed = `${JSON.stringify(command)}: ${error.message}`;
        // A candidate that is not understood costs one path, not the connection.
        isFatal = !(command === "release" || command.add);
        if (isFatal) break;
      }
    }
    const record = { remote: this.id, event, did: done };
    if (failed) record.failed = failed;
    if (this.connection) record.signaling = this.connection.signalingState;
    this.host.record({ step: record });
    this.confirmIce();
    const isReady = did.includes("prepare") && !isFatal;
    if (isReady) return this.perform("ready");
    return isFatal ? failed : undefined;
  }

  // A restart of ICE is new to the negotiation, while the browser may say "connected" all the time: the path in use goes on until
  // there is another one. No event comes then, so the state is looked at.
  confirmIce() {
    const { connection, state } = this;
    if (state.ice !== "new" || signaling(state) !== "stable") return;
    if (ICE_EVENTS[connection.iceConnectionState] === "ice-connected") this.put("ice-connected", { of: connection });
  }

  async carryOut(command, cargo) {
    const [name, numbers] = typeof command === "string" ? [command] : Object.entries(command)[0];
    const { connection } = this;
    switch (name) {
      case "build": return this.build();
      case "attach": return this.attach();
      case "add-tracks": return this.addTracks();
      case "close": return this.close();
      case "rollback": return this.rollback();
      case "apply-offer":
      case "apply-answer": return connection.setRemoteDescription({ type: cargo.type, sdp: cargo.sdp });
      case "restart": return connection.restartIce();
      case "send-offer": return this.describe("offer", numbers);
      case "send-answer": return this.describe("answer", numbers);
      case "send-candidate": return this.send("ice-candidate", "candidate", cargo.candidate, numbers);
      case "add": return connection.addIceCandidate(cargo);
      case "keep": return this.kept.push(cargo);
      case "release": return this.release();
      case "discard": this.kept = []; return undefined;
      case "replace": return this.senders.get("video")?.replaceTrack(this.host.media.videoTrack());
      case "prepare": return undefined;
      default:
        if (!name.startsWith("ignore-")) throw new Error(`no such command: ${name}`);
        return undefined;
    }
  }

  build() {
    this.connection = new RTCPeerConnection({ iceServers: this.host.iceServers });
    this.generations = new Map();
    Object.assign(this, { hasHeard: false, isOpen: false, found: [] });
  }

  attach() {
    const { connection } = this;
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const ufrag = candidate.usernameFragment ?? candidate.candidate.match(/ ufrag (\S+)/)?.[1];
      const found = { of: connection, ufrag, candidate: candidate.toJSON() };
      if (this.found.length < FOUND_MAX) this.found.push(found);
      this.put("gathered", found);
    };
    connection.oniceconnectionstatechange = () => {
      const event = ICE_EVENTS[connection.iceConnectionState];
      if (event) this.put(event, { of: connection });
    };
    connection.onconnectionstatechange = () => this.tell("connection", connection.connectionState);
    connection.ontrack = ({ track, streams }) => this.tell("track", { track, stream: streams[0] ?? new MediaStream([track]) });
    // Fires once the connection is stable and something is not negotiated: tracks that an answer could not carry.
    connection.onnegotiationneeded = () => {
      if (connection.getTransceivers().some(isUnnegotiated)) this.put("change-tracks", { of: connection });
    };
    connection.ondatachannel = ({ channel }) => this.listen(channel);
    this.listen(connection.createDataChannel("glare", { negotiated: true, id: CHANNEL_ID }));
  }

  // Chromium 156 that takes back its first offer before it began to gather candidates never gathers any (seen in one of two
  // glares). Nothing of such a connection is in use yet, so a fresh one takes its place: that is the state to go back to.
  rollback() {
    const { connection } = this;
    if (connection.currentLocalDescription) return connection.setLocalDescription({ type: "rollback" });
    this.discardConnection();
    this.build();
    this.attach();
    return this.addTracks();
  }

  // Closes the connection; nothing that it still says is heard.
  discardConnection() {
    clearTimeout(this.grace);
    this.channels.clear();
    this.senders.clear();
    for (const name of HANDLERS) this.connection[name] = null;
    this.connection.close();
    this.connection = null;
  }

  listen(channel) {
    const { connection } = this;
    channel.onopen = () => {
      this.channels.add(channel);
      this.say(this.host.profile());
      // The other end may not be ready yet, and may drop what comes too early: it counts as open when it was heard.
      this.grace = setTimeout(() => this.openChannel(connection), CHANNEL_GRACE_MS);
    };
    channel.onclose = () => this.channels.delete(channel);
    channel.onmessage = ({ data }) => typeof data === "string" && this.hear(data, connection);
    if (channel.readyState === "open") channel.onopen();
  }

  hear(text, connection) {
    if (!this.hasHeard) {
      this.hasHeard = true;
      // Who speaks can hear: what was said to it before may have been lost.
      this.say(this.host.profile());
      this.openChannel(connection);
    }
    this.tell("said", text);
  }

  openChannel(connection) {
    clearTimeout(this.grace);
    if (connection !== this.connection || this.isOpen) return;
    this.isOpen = true;
    this.put("channel-opened", { of: connection });
    this.tell("channel", "open");
  }

  addTracks() {
    const { media } = this.host;
    for (const track of media.tracks()) this.senders.set(track.kind, this.connection.addTrack(track, media.stream));
  }

  // The application got a microphone or a camera only now.
  addTrack(track) {
    if (!this.connection || this.senders.has(track.kind)) return;
    this.senders.set(track.kind, this.connection.addTrack(track, this.host.media.stream));
  }

  async describe(kind, numbers) {
    const { connection } = this;
    // Offer or answer by the signaling state, made and applied as one operation.
    await connection.setLocalDescription();
    const { type, sdp } = connection.localDescription;
    if (type !== kind) throw new Error(`an ${type} was made in the place of an ${kind}`);
    const ufrag = line(sdp, "a=ice-ufrag:");
    const before = this.generations.get(ufrag);
    this.generations.set(ufrag, numbers.ice);
    this.send(kind, kind, { type, sdp }, numbers);
    // After a rollback Chromium goes on with the same ICE credentials, and does not gather again: what it found counts for
    // this description now, and the remote has forgotten it with the other one.
    if (before !== undefined && before !== numbers.ice) {
      for (const found of this.found) if (found.ufrag === ufrag) this.put("gathered", found);
    }
  }

  send(event, member, payload, numbers) {
    this.host.send(event, { target: this.id, [member]: { ...payload, glare: numbers } });
  }

  async release() {
    const kept = this.kept.splice(0);
    for (const candidate of kept) await this.connection.addIceCandidate(candidate);
  }

  close() {
    if (this.connection) this.discardConnection();
    this.tell("connection", "closed");
  }

  say(message) {
    for (const channel of this.channels) channel.send(JSON.stringify(message));
    return this.channels.size > 0;
  }

  tell(name, detail) {
    this.host.tell(this.id, name, detail);
  }
}
