// The rules towards one remote: a port of `model/src/negotiation`, for strategies that keep the clauses. It is pure: events in,
// commands out. `reference-peer/web-tests/table.test.mjs` replays it against every case of the model's transition table.
//
// Events and commands are written as in a trace: "gone", {"offer": numbers}, {"send-answer": numbers}, and so on.

const CANDIDATES_KEPT_MAX = 256;

// What is known of a remote at first. Numbers start at 1; 0 means none.
export const UNKNOWN = Object.freeze({
  met: 0, made: 0, connection: 0, remoteConnection: 0, pending: 0, pendingRemote: 0, local: 0, remote: 0,
  localIce: 0, remoteIce: 0, keptIce: 0, kept: 0, ice: "new", channel: false, unsent: false, restart: false, restarting: false,
});

// The role of `own` towards `remote`: ids compare as their UTF-8 bytes, and so by code points.
export function role(own, remote) {
  return compare(own, remote) > 0 ? "polite" : "impolite";
}

function compare(a, b) {
  const [x, y] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i += 1) {
    if (x[i] !== y[i]) return x[i].codePointAt(0) - y[i].codePointAt(0);
  }
  return x.length - y.length;
}

export function signaling(state) {
  if (state.connection === 0) return "closed";
  if (state.pending !== 0) return "have-local-offer";
  return state.pendingRemote !== 0 ? "have-remote-offer" : "stable";
}

// The ICE generation whose candidates are gathered now.
export function gathering(state) {
  const offersIce = state.pending !== 0 && (state.restarting || state.localIce === 0);
  return offersIce ? state.pending : state.localIce;
}

export function lastRemote(state) {
  return state.pendingRemote === 0 ? state.remote : state.pendingRemote;
}

// Performs an event. Returns the new state and the commands, in the order in which they are carried out.
export function step(before, strategy, role, event) {
  const turn = new Turn({ ...before }, strategy, role);
  if (typeof event === "string") turn.happen(event);
  else if (event.offer) turn.offered(event.offer);
  else if (event.answer) turn.answered(event.answer);
  else turn.candidate(event.candidate);
  return { state: turn.state, did: turn.did };
}

class Turn {
  constructor(state, strategy, role) {
    Object.assign(this, { state, strategy, role, did: [] });
  }

  emit(command) {
    this.did.push(command);
  }

  ignore(why) {
    this.emit(`ignore-${why}`);
  }

  happen(event) {
    const { state } = this;
    if (event === "met-outside") state.met += 1;
    else if (event === "met-resident" || event === "met-joiner") this.met(event === "met-joiner");
    else if (event === "gone") this.close();
    else if (event === "ready") this.ready();
    else if (event === "gathered" && gathering(state) !== 0) {
      const { met: meeting, connection } = state;
      this.emit({ "send-candidate": { meeting, connection, number: 0, answers: 0, ice: gathering(state) } });
    } else if (state.connection === 0) this.ignore("no-connection");
    else this.change(event);
  }

  change(event) {
    const { state } = this;
    if (event === "gathered") this.ignore("no-connection");
    else if (event === "change-tracks") {
      state.unsent = true;
      this.settle();
    } else if (event === "replace-track") this.emit("replace");
    else if (event === "ice-connected") state.ice = "connected";
    else if (event === "ice-disconnected") state.ice = "disconnected";
    else if (event === "ice-failed") {
      Object.assign(state, { ice: "failed", restart: true });
      this.settle();
    } else if (event === "channel-opened") state.channel = true;
    else throw new Error(`no such event: ${event}`);
  }

  met(isJoiner) {
    this.state.met += 1;
    this.discard();
    this.forget();
    const offers = {
      "lower-id-offers": this.role === "impolite",
      "joiner-offers": isJoiner,
      "perfect-negotiation": true,
    }[this.strategy];
    if (offers) {
      this.build();
      this.offer();
    }
  }

  ready() {
    if (signaling(this.state) !== "have-remote-offer") return this.ignore("not-outstanding");
    const { state } = this;
    const answers = state.pendingRemote;
    state.made += 1;
    Object.assign(state, { local: state.made, remote: answers, pendingRemote: 0 });
    if (state.localIce === 0) state.localIce = state.local;
    const { met: meeting, connection, made: number, localIce: ice } = state;
    this.emit({ "send-answer": { meeting, connection, number, answers, ice } });
    return this.settle();
  }

  offered(offer) {
    const { state } = this;
    if (offer.meeting !== state.met) return this.ignore("stale");
    if (state.pending !== 0) {
      if (this.role === "impolite") return this.ignore("lost-glare");
      this.rollBack();
    }
    if (state.remoteConnection !== 0 && offer.connection !== state.remoteConnection) this.discard();
    if (state.connection === 0) this.build();
    this.emit({ "apply-offer": offer });
    state.pendingRemote = offer.number;
    // The remote restarts ICE: the answer has to, too.
    if (state.remoteIce !== 0 && offer.ice !== state.remoteIce) Object.assign(state, { localIce: 0, ice: "new" });
    this.bind(offer);
    return this.emit("prepare");
  }

  rollBack() {
    const { state } = this;
    this.emit("rollback");
    // What a first offer carries, the answer carries too; a later one has a wish of its own.
    if (state.remote !== 0) {
      state.unsent ||= !state.restarting;
      state.restart ||= state.restarting;
    }
    Object.assign(state, { pending: 0, restarting: false });
  }

  answered(answer) {
    const { state } = this;
    if (answer.meeting !== state.met) return this.ignore("stale");
    if (state.pending === 0 || state.pending !== answer.answers) return this.ignore("not-outstanding");
    this.emit({ "apply-answer": answer });
    if (state.restarting) state.ice = "new";
    Object.assign(state, { localIce: gathering(state), local: state.pending });
    Object.assign(state, { pending: 0, restarting: false, remote: answer.number });
    this.bind(answer);
    return this.settle();
  }

  candidate(candidate) {
    const { state } = this;
    if (candidate.meeting !== state.met) return this.ignore("stale");
    const isOurs = candidate.connection === state.remoteConnection && candidate.ice === state.remoteIce;
    if (lastRemote(state) !== 0 && isOurs) return this.emit({ add: candidate });
    if (candidate.ice <= lastRemote(state)) return this.ignore("superseded");
    // Signals arrive in order, so the description that the others wait for was taken back.
    if (state.keptIce !== 0 && candidate.ice !== state.keptIce) this.forget();
    if (state.kept === CANDIDATES_KEPT_MAX) return this.ignore("too-many");
    this.emit({ keep: candidate });
    return Object.assign(state, { keptIce: candidate.ice, kept: state.kept + 1 });
  }

  // What every applied description does: it ties the connections together, and candidates that waited for it are added.
  bind(description) {
    const { state } = this;
    if (state.remoteConnection === 0) state.remoteConnection = description.connection;
    state.remoteIce = description.ice;
    if (state.kept > 0 && state.keptIce === description.ice) {
      this.emit("release");
      Object.assign(state, { keptIce: 0, kept: 0 });
    } else if (state.keptIce < description.number) this.forget();
  }

  forget() {
    if (this.state.kept > 0) this.emit("discard");
    Object.assign(this.state, { keptIce: 0, kept: 0 });
  }

  build() {
    ["build", "attach", "add-tracks"].forEach((command) => this.emit(command));
    this.state.connection = this.state.made + 1;
  }

  close() {
    this.forget();
    if (this.state.connection !== 0) this.emit("close");
    const { met, made } = this.state;
    Object.assign(this.state, UNKNOWN, { met, made });
  }

  // Makes room for another connection, whose candidates may be here already.
  discard() {
    const { kept, keptIce } = this.state;
    Object.assign(this.state, { kept: 0, keptIce: 0 });
    this.close();
    Object.assign(this.state, { kept, keptIce });
  }

  // Offers what waits to be offered, if it can be now.
  settle() {
    const { state } = this;
    if ((state.unsent || state.restart) && signaling(state) === "stable") this.offer();
  }

  offer() {
    const { state } = this;
    if (state.restart) this.emit("restart");
    state.made += 1;
    Object.assign(state, { pending: state.made, restarting: state.restart, restart: false, unsent: false });
    const { met: meeting, connection, made: number } = state;
    this.emit({ "send-offer": { meeting, connection, number, answers: 0, ice: gathering(state) } });
  }
}
