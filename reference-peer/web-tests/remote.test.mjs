// What a `Remote` of the page does without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Remote } from "../web/remote.js";

// Calls of this connection are answered by `answer`, and not before.
function fake() {
  const calls = [];
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  class Connection {
    constructor() {
      Object.assign(this, { signalingState: "stable", iceConnectionState: "new", localDescription: { type: "offer", sdp: "" } });
      calls.push("build");
    }
    createDataChannel() { return { readyState: "connecting" }; }
    getTransceivers() { return []; }
    setLocalDescription() { return answered; }
    close() { calls.push("close"); }
  }
  globalThis.RTCPeerConnection = Connection;
  return { calls, answer };
}

function hosted() {
  const [told, lines] = [[], []];
  const host = {
    strategy: "lower-id-offers", iceServers: [], media: { tracks: () => [], stream: null },
    send() {}, record: (line) => lines.push(line), tell: (...what) => told.push(what),
  };
  return { told, lines, remote: new Remote(host, "a", "b") };
}

test("a remote that is not kept up with is given up, with a problem", async () => {
  const { calls, answer } = fake();
  const { told, lines, remote } = hosted();
  remote.put("met-resident");
  // The first one is being handled, and 1,024 may wait.
  for (let waiting = 0; waiting < 1024; waiting += 1) remote.put("replace-track");
  assert.deepEqual(told, []);
  remote.put("gone");
  answer();
  await remote.rest();
  assert.deepEqual(told.filter(([, name]) => name === "problem").map(([id]) => id), ["b"]);
  assert.deepEqual(calls, ["build", "close"]);
  assert.equal(remote.connection, null);
  assert.deepEqual(lines.map(({ step }) => step.event), ["met-resident", "gone"]);
  // What comes afterwards is handled again.
  remote.put("met-resident");
  await remote.rest();
  assert.deepEqual(calls, ["build", "close", "build"]);
});

test("meetings with a remote that is given up are counted, since it counts them", async () => {
  const { answer } = fake();
  const { told, lines, remote } = hosted();
  const meetings = 5000;
  for (let met = 0; met < meetings; met += 1) remote.put("met-resident");
  // What a remote says of meetings is not believed.
  remote.signal("offer", { type: "offer", sdp: "", meetings: 7 });
  answer();
  await remote.rest();
  assert.ok(told.length > 1, "it is given up again and again");
  assert.equal(remote.state.met, meetings);
  assert.equal(lines.filter(({ step }) => String(step.event).startsWith("met-")).length, meetings);
});
