// Browsers and native peers meet over the reference server, headless and on the loopback interface; the model judges what they
// did. Called by `reference-peer/web-tests/run`.
//
//   node run.mjs BIN_DIR [NAME..]     only the tests whose names contain one of these

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { connected, generations, join, launch, restarted, sees } from "./browser.mjs";
import { Listener, Peer, Server, endAll } from "./processes.mjs";

const [bin, ...only] = process.argv.slice(2);
const command = (name) => path(bin, name);
const scratch = mkdtempSync(path(tmpdir(), "glare-web-"));
const shots = process.env.SHOTS;
const tests = [];
const allTraces = [];
const test = (name, act) => tests.push([name, act]);

// The model judges these traces, which are of one run in which everybody was connected.
function judge(name, ...texts) {
  const files = texts.map((text, index) => {
    const file = path(scratch, `${name}-${index}.ndjson`);
    writeFileSync(file, text);
    return file;
  });
  allTraces.push(...files);
  const { status, stdout, stderr } = spawnSync(command("glare-peer"), ["judge", "--settled", ...files], { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

// The page forgets its session when the call ends; the trace is wanted afterwards.
const keep = (page) => page.evaluate(() => { window.ended = window.glare.session; });

async function close(page) {
  const text = await page.evaluate(() => window.ended.trace.join("\n") + "\n");
  await page.context().close();
  return text;
}

async function end(page) {
  assert.deepEqual(page.problems, []);
  await keep(page);
  await page.evaluate(() => window.ended.leave());
  return close(page);
}

async function write(page, text) {
  if (await page.locator("#chat").isHidden()) await page.click("#open-chat");
  await page.fill("#message", text);
  await page.keyboard.press("Enter");
}

const reads = (page, text) => page.locator("#messages li", { hasText: text }).waitFor({ state: "attached" });

let serial = 0;
function nativePeer({ server }, room, name, args = [], wire = "sio") {
  serial += 1;
  const file = path(scratch, `native-${serial}.ndjson`);
  const url = wire === "sio" ? server.url : `${server.url.replace("http", "ws")}/ws`;
  const peer = new Peer(command("glare-peer"), url, room, name, ["--trace", file, ...args]);
  return Object.assign(peer, { trace: () => readFileSync(file, "utf8") });
}

// By a native peer's own trace, ICE is connected after its last description, with so many remotes.
async function settled(peer, count) {
  const isLast = (steps) => {
    const at = (isIt) => steps.findLastIndex(isIt);
    return at(({ event }) => event === "ice-connected") > at(({ did }) => /-(offer|answer)"/.test(JSON.stringify(did)));
  };
  for (let waited = 0; waited < 300; waited += 1) {
    const lines = peer.trace().trim().split("\n").map((line) => JSON.parse(line).step).filter(Boolean);
    const remotes = Object.values(groups(lines));
    if (remotes.length === count && remotes.every(isLast)) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`${peer.name} does not settle\n${peer.trace()}`);
}

function groups(steps) {
  const found = {};
  for (const step of steps) (found[step.remote] ??= []).push(step);
  return found;
}

const hasVideo = ({ event, kind, size }) => event === "received" && kind === "video" && size;
const wrote = (text) => (event) => event.event === "chat" && event.text === text;

for (const wire of ["json", "sio"]) {
  test(`two pages meet over ${wire}, see each other and write`, async ({ browser, server }) => {
    const a = await join(browser, server.url, { room: `pages-${wire}`, name: "Ada", how: "create", wire });
    const b = await join(browser, server.url, { room: `pages-${wire}`, name: "Bob", wire });
    await Promise.all([connected(a, 1), connected(b, 1), sees(a, 1), sees(b, 1)]);
    await write(a, "hello Bob");
    await reads(b, "hello Bob");
    await write(b, "hello Ada");
    await reads(a, "hello Ada");
    judge(`pages-${wire}`, await end(a), await end(b));
  });

  test(`a native peer and a page meet over ${wire}, see each other and write`, async ({ browser, server }) => {
    const room = `native-${wire}`;
    const peer = nativePeer({ server }, room, "Nat", [], wire);
    await peer.entered();
    const page = await join(browser, server.url, { room, name: "Ada", wire });
    await Promise.all([connected(page, 1), sees(page, 1), peer.until("video arrived", hasVideo)]);
    await write(page, "hello Nat");
    await peer.until("it was written to", wrote("hello Nat"));
    peer.type("hello Ada");
    await reads(page, "hello Ada");
    const text = await end(page);
    assert.equal(await peer.leave(), 0);
    judge(room, text, peer.trace());
  });
}

test("a page creates the room, and the native peer joins it and echoes what it receives", async ({ browser, server }) => {
  const page = await join(browser, server.url, { room: "echo", name: "Ada", how: "create" });
  const peer = nativePeer({ server }, "echo", "Echo", ["--media", "echo"]);
  await Promise.all([connected(page, 1), sees(page, 1), peer.until("video arrived", hasVideo)]);
  const text = await end(page);
  assert.equal(await peer.leave(), 0);
  judge("echo", text, peer.trace());
});

test("offers cross between pages and native peers, and exactly one connection is left for each remote", async ({ browser, server }) => {
  const strategy = "perfect-negotiation";
  for (let round = 0; round < 5; round += 1) {
    const room = `glare-${round}`;
    const peer = nativePeer({ server }, room, "Nat", ["--strategy", strategy]);
    await peer.entered();
    const page = await join(browser, server.url, { room, name: "Ada", strategy });
    const other = await join(browser, server.url, { room, name: "Bob", strategy, wire: "sio" });
    await Promise.all([connected(page, 2), connected(other, 2), sees(page, 2), sees(other, 2)]);
    // Both ends offer again at the same time.
    const before = await Promise.all([page, other].map(generations));
    peer.type("/restart");
    await page.evaluate(() => window.glare.session.restartIce());
    await Promise.all([restarted(page, before[0]), restarted(other, before[1])]);
    await settled(peer, 2);
    const texts = [await end(page), await end(other)];
    assert.equal(await peer.leave(), 0);
    judge(room, ...texts, peer.trace());
  }
});

test("four mixed members make a mesh", async ({ browser, server }) => {
  const first = nativePeer({ server }, "mesh", "Nat");
  await first.entered();
  const ada = await join(browser, server.url, { room: "mesh", name: "Ada" });
  const second = nativePeer({ server }, "mesh", "Eve", [], "json");
  await second.entered();
  const bob = await join(browser, server.url, { room: "mesh", name: "Bob", wire: "sio" });
  await Promise.all([connected(ada, 3), connected(bob, 3), sees(ada, 3), sees(bob, 3)]);
  await write(bob, "hello all");
  await Promise.all([reads(ada, "hello all"), ...[first, second].map((peer) => peer.until("Bob wrote", wrote("hello all")))]);
  if (shots) await ada.screenshot({ path: path(shots, "mesh.png") });
  const texts = [await end(ada), await end(bob)];
  assert.deepEqual([await first.leave(), await second.leave()], [0, 0]);
  judge("mesh", ...texts, first.trace(), second.trace());
});

test("an outsider with simple-peer meets a native peer and a page", async ({ browser, server }) => {
  const page = await join(browser, server.url, { room: "outside", name: "Ada", how: "create" });
  const peer = nativePeer({ server }, "outside", "Nat");
  await peer.entered();
  await connected(page, 1);
  const context = await browser.newContext();
  const outsider = await context.newPage();
  await outsider.goto(`${server.url}/about`);
  for (const file of ["simple-peer/simplepeer.min.js", "socket.io-client/dist/socket.io.min.js"]) {
    await outsider.addScriptTag({ path: path(import.meta.dirname, "node_modules", file) });
  }
  await outsider.addScriptTag({ path: path(import.meta.dirname, "outsider.js") });
  await outsider.evaluate(() => window.meet("outside"));
  await outsider.waitForFunction(() => window.outsider.open.size === 2 && window.outsider.streams.size === 2, null, { timeout: 30_000 });
  await outsider.evaluate(() => window.outsider.say("hello from outside"));
  await Promise.all([reads(page, "hello from outside"), peer.until("it wrote", wrote("hello from outside"))]);
  peer.type("hello outsider");
  await outsider.waitForFunction(() => window.outsider.heard.some((text) => text.includes("hello outsider")));
  await Promise.all([connected(page, 2), sees(page, 2)]);
  await context.close();
  await peer.until("the outsider left", ({ event }) => event === "user-left");
  const text = await end(page);
  assert.equal(await peer.leave(), 0);
  judge("outside", text, peer.trace());
});

test("a screen is shared and the camera comes back; switches are seen by others", async ({ browser, server }) => {
  const peer = nativePeer({ server }, "screen", "Nat");
  await peer.entered();
  const page = await join(browser, server.url, { room: "screen", name: "Ada" });
  await Promise.all([connected(page, 1), peer.until("video arrived", hasVideo)]);
  const profile = (audio, video) => (it) => it.event === "profile" && it.audio === audio && it.video === video;
  await page.click("#microphone");
  await peer.next("the microphone is off", profile(false, true));
  await page.click("#camera");
  await peer.next("the camera is off", profile(false, false));
  await page.click("#screen");
  await peer.next("the screen is shown", profile(false, true));
  await page.locator("#screen[aria-pressed=true]").waitFor();
  await page.click("#screen");
  await peer.next("the screen is gone", profile(false, false));
  peer.type("/screen");
  await page.waitForFunction(() => document.querySelector(".tile:not(.own) video").videoWidth === 640);
  await page.locator(".tile.screen:not(.own)").waitFor();
  peer.type("/camera");
  await page.waitForFunction(() => document.querySelector(".tile:not(.own) video").videoWidth === 320);
  await page.locator(".tile:not(.own):not(.screen)").waitFor();
  const text = await end(page);
  assert.equal(await peer.leave(), 0);
  assert.match(text, /"replace"/);
  judge("screen", text, peer.trace());
});

test("a page without devices joins, sees others, and is told why its camera does not work", async ({ browser, server }) => {
  const peer = nativePeer({ server }, "plain", "Nat");
  await peer.entered();
  const page = await join(browser, server.url, { room: "plain", name: "Ada", withMedia: false });
  await Promise.all([connected(page, 1), sees(page, 1)]);
  const text = await end(page);
  assert.equal(await peer.leave(), 0);
  judge("plain", text, peer.trace());
  const denying = await launch({ denyMedia: true });
  try {
    const denied = await denying.newPage();
    await denied.goto(`${server.url}/?name=Ada#blocked`);
    await denied.click("button[value=create]");
    await denied.locator("#trouble", { hasText: "are blocked" }).waitFor();
  } finally {
    await denying.close();
  }
});

test("what the server refuses is said in words, and leaving leads home", async ({ browser, server }) => {
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await page.goto(`${server.url}/?name=Ada#nowhere`);
  assert.equal(await page.inputValue("#room"), "nowhere", "the invite link names the room");
  await page.click("button[value=join]");
  await page.locator("#trouble", { hasText: "no such room" }).waitFor();
  if (shots) await page.screenshot({ path: path(shots, "home-390.png") });
  await page.click("button[value=create]");
  await page.locator("#call").waitFor({ state: "visible" });
  const other = await (await browser.newContext()).newPage();
  await other.goto(`${server.url}/?name=Bob#nowhere`);
  await other.click("button[value=create]");
  await other.locator("#trouble", { hasText: "of this name already" }).waitFor();
  await page.click("#leave");
  await page.locator("#home").waitFor({ state: "visible" });
  await Promise.all([page.context().close(), other.context().close()]);
});

test("the host leaves, and the room is closed for everybody", async ({ browser }) => {
  const server = await new Server(command("glare-server"), ["--host-leaves", "close"]).start();
  const host = await join(browser, server.url, { room: "hosted", name: "Host", how: "create" });
  const guest = await join(browser, server.url, { room: "hosted", name: "Guest" });
  const peer = nativePeer({ server }, "hosted", "Nat");
  await Promise.all([connected(host, 2), connected(guest, 2)]);
  await settled(peer, 2);
  await Promise.all([host, guest].map(keep));
  await host.click("#leave");
  await host.locator("#home").waitFor({ state: "visible" });
  await guest.locator("#trouble", { hasText: "room was closed" }).waitFor();
  await peer.until("the room was closed", ({ event, reason }) => event === "ended" && reason === "room-closed");
  assert.equal(await peer.child.ended, 0);
  const texts = [await close(host), await close(guest)];
  await server.stop();
  judge("hosted", ...texts, peer.trace());
});

test("a killed peer is noticed, and after a restart of the server everybody meets again", async ({ browser }) => {
  const server = await new Server(command("glare-server")).start();
  const page = await join(browser, server.url, { room: "faults", name: "Ada", how: "create" });
  const peer = nativePeer({ server }, "faults", "Nat");
  const doomed = nativePeer({ server }, "faults", "Doomed", [], "json");
  await connected(page, 2);
  await settled(peer, 2);
  doomed.child.kill("SIGKILL");
  await peer.until("it was noticed", ({ event }) => event === "user-left");
  await connected(page, 1);
  await server.stop("SIGKILL");
  await peer.next("the server is missed", ({ event }) => event === "signaling-lost");
  await server.start();
  await peer.next("it is back", ({ event }) => event === "channel-opened");
  await connected(page, 1);
  await sees(page, 1);
  // Three: the page has another id on the new server.
  await settled(peer, 3);
  // The browser itself complains of a server that it cannot reach, and of nothing else.
  const own = page.problems.splice(0);
  assert.deepEqual(own.filter((problem) => !problem.includes("WebSocket connection to")), []);
  const text = await end(page);
  assert.equal(await peer.leave(), 0);
  await server.stop();
  judge("faults", text, peer.trace());
});

test("native peers meet on a server of another wire, by its binding", async () => {
  const fixtures = path(import.meta.dirname, "../../conformance/fixtures/node");
  const server = await new Listener(path(fixtures, "lobby.js")).start();
  const url = `${path(fixtures, "lobby.toml")}:${server.url}`;
  const [one, other] = ["Ada", "Bob"].map((name, index) => {
    const file = path(scratch, `bound-${index}.ndjson`);
    const peer = new Peer(command("glare-peer"), url, "hall", name, ["--trace", file]);
    return Object.assign(peer, { trace: () => readFileSync(file, "utf8") });
  });
  await Promise.all([one, other].map((peer) => peer.until("video arrived", hasVideo)));
  one.type("hello Bob");
  await other.until("it was written to", wrote("hello Bob"));
  assert.equal(await other.leave(), 0);
  await one.until("it was noticed", ({ event }) => event === "user-left");
  assert.equal(await one.leave(), 0);
  await server.stop();
  judge("bound", one.trace(), other.trace());
});

// `glare test-peer` is server and remotes of whatever open.mjs opens; the verdict is by clause.
function examine(kind, ...args) {
  const script = path(import.meta.dirname, "open.mjs");
  const process = [`'${globalThis.process.execPath}' '${script}' ${kind} {url} {room}`, ...args].join(" ");
  return new Promise((resolve) => {
    execFile(command("glare-peer"), ["examine", "--process", process], (error, stdout, stderr) => {
      const clauses = stdout.split("\n").filter((line) => /^NEG-\d\d /.test(line));
      const of = (verdict) => clauses.filter((line) => line.includes(verdict)).map((line) => line.slice(0, 6));
      resolve({ code: error?.code ?? 0, kept: of("kept"), broken: of("broken"), text: stdout + stderr });
    });
  });
}

const EXAMINED = ["NEG-01", "NEG-02", "NEG-03", "NEG-04", "NEG-05", "NEG-06", "NEG-07", "NEG-08", "NEG-09"];

for (const strategy of ["lower-id-offers", "perfect-negotiation"]) {
  test(`the page keeps every clause when it is examined, with ${strategy}`, async () => {
    const { code, kept, text } = await examine("page", strategy);
    assert.equal(code, 0, text);
    assert.deepEqual(kept, EXAMINED, text);
  });
}

test("a naive client, as a tutorial's reader writes it, is found out clause by clause when it is examined", async () => {
  const { code, kept, broken, text } = await examine("naive");
  assert.equal(code, 1, text);
  assert.deepEqual(broken, ["NEG-01", "NEG-02", "NEG-03", "NEG-04", "NEG-07"], text);
  assert.deepEqual(kept, ["NEG-05", "NEG-06", "NEG-08", "NEG-09"], text);
});

async function main() {
  const browser = await launch();
  const server = await new Server(command("glare-server")).start();
  let failed = 0;
  for (const [name, act] of tests) {
    if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
    const began = performance.now();
    try {
      await act({ browser, server });
      console.log(`ok    ${name} (${Math.round(performance.now() - began)} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
  }
  if (allTraces.length > 0) {
    const { stdout } = spawnSync(command("glare-peer"), ["judge", ...allTraces], { encoding: "utf8" });
    console.log(stdout.trim());
  }
  await browser.close();
  if (failed === 0) await server.stop();
  return failed;
}

let failed = 1;
try {
  failed = await main();
} finally {
  endAll();
  rmSync(scratch, { recursive: true });
}
process.exitCode = failed === 0 ? 0 : 1;
