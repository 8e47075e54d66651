// What a signal carries beside its SDP or candidate: the numbers of the negotiation, as the payload's member `glare`. Of a
// remote that does not number its signals they are made from its SDP (`reference-peer/src/payload.rs` is the same).

import { lastRemote } from "./negotiation.js";

const MARKS_MAX = 64;
const NAMES = ["meeting", "connection", "number", "answers", "ice"];

export function line(sdp, prefix) {
  const found = sdp.split(/\r?\n/).find((text) => text.startsWith(prefix));
  return found === undefined ? undefined : found.slice(prefix.length).trimEnd();
}

export class Outsider {
  constructor() {
    this.descriptions = 0;
    this.sessions = new Map();
    this.generations = new Map();
  }

  // The numbers of a signal of a kind; throws with what is wrong with the payload.
  numbers(kind, payload, state) {
    const isDescription = kind === "offer" || kind === "answer";
    const text = isDescription ? payload?.sdp : payload?.candidate;
    if (typeof text !== "string" || (isDescription && payload.type !== kind)) throw new Error(`it is no ${kind}`);
    if (payload.glare !== undefined) {
      const isNumber = (name) => Number.isInteger(payload.glare?.[name]) && payload.glare[name] >= 0;
      if (!NAMES.every(isNumber)) throw new Error("its member `glare` does not hold the five numbers");
      return Object.fromEntries(NAMES.map((name) => [name, payload.glare[name]]));
    }
    if (!isDescription) return this.candidate(payload, text, state);
    this.descriptions = Math.max(this.descriptions, lastRemote(state)) + 1;
    const number = this.descriptions;
    const connection = remember(this.sessions, (line(text, "o=") ?? "").split(/\s+/)[1] ?? "", number);
    const ice = remember(this.generations, line(text, "a=ice-ufrag:") ?? "", number);
    return { meeting: state.met, connection, number, answers: kind === "answer" ? state.pending : 0, ice };
  }

  candidate(payload, text, state) {
    const ufrag = payload.usernameFragment || text.match(/ ufrag (\S+)/)?.[1];
    let ice = this.descriptions === 0 ? 1 : state.remoteIce;
    if (ufrag) ice = this.generations.get(ufrag) ?? this.descriptions + 1;
    const connection = ice === state.remoteIce ? state.remoteConnection : ice;
    return { meeting: state.met, connection, number: 0, answers: 0, ice };
  }
}

function remember(marks, mark, number) {
  if (!marks.has(mark)) {
    if (marks.size === MARKS_MAX) marks.delete(marks.keys().next().value);
    marks.set(mark, number);
  }
  return marks.get(mark);
}
