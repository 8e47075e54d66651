// The server and native peers as processes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 30_000;
const running = new Set();

function start(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  child.errors = "";
  child.stderr.on("data", (text) => { child.errors += text; });
  child.ended = once(child, "exit").then(([code]) => {
    running.delete(child);
    return code;
  });
  return child;
}

// Ends whatever a failed test left.
export function endAll() {
  for (const child of running) child.kill("SIGKILL");
}

export class Server {
  constructor(command, args = []) {
    Object.assign(this, { command, args, port: 0 });
  }

  async start() {
    this.child = start(this.command, ["--listen", `127.0.0.1:${this.port}`, ...this.args]);
    const [line] = await once(createInterface({ input: this.child.stdout }), "line");
    this.url = line.replace("listening on ", "");
    this.port = new URL(this.url).port;
    return this;
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    await this.child.ended;
  }
}

// A Node server that takes its port from the environment and says nothing.
export class Listener {
  constructor(script) {
    this.script = script;
  }

  async start() {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address();
    await new Promise((resolve) => { probe.close(resolve); });
    this.child = start(process.execPath, [this.script], { ...process.env, PORT: String(port) });
    this.url = `http://127.0.0.1:${port}`;
    for (let waited = 0; waited < PATIENCE_MS; waited += 50) {
      const socket = connect(port, "127.0.0.1");
      const isOpen = await once(socket, "connect").then(() => true, () => false);
      socket.destroy();
      if (isOpen) return this;
      await pause(50);
    }
    throw new Error(`${this.script} does not listen\n${this.child.errors}`);
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.child.ended;
  }
}

export class Peer {
  constructor(command, url, room, name, args = []) {
    const always = ["--name", name, "--format", "ndjson", "--chat", "--bind", "127.0.0.1:0"];
    this.name = name;
    this.events = [];
    this.waiting = [];
    this.cursor = 0;
    this.child = start(command, ["join", url, room, ...always, ...args]);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line));
      this.waiting = this.waiting.filter((look) => !look());
    });
  }

  type(line) {
    this.child.stdin.write(`${line}\n`);
  }

  // Waits for an event, one that came at any time included.
  until(what, isIt) {
    return this.find(what, isIt, 0);
  }

  // Waits for an event after the one that was found last.
  next(what, isIt) {
    return this.find(what, isIt, this.cursor);
  }

  find(what, isIt, from) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.events.findIndex((event, index) => index >= from && isIt(event));
        if (at < 0) return false;
        this.cursor = Math.max(this.cursor, at + 1);
        clearTimeout(late);
        resolve(this.events[at]);
        return true;
      };
      const late = setTimeout(() => {
        const last = this.events.filter(({ event }) => event !== "received").slice(-20);
        const text = last.map((event) => JSON.stringify(event)).join("\n");
        reject(new Error(`${this.name}: ${what} did not happen\n${text}\n${this.child.errors}`));
      }, PATIENCE_MS);
      if (!look()) this.waiting.push(look);
    });
  }

  entered() {
    return this.until("it is in the room", ({ event }) => event === "entered");
  }

  async leave() {
    this.child.kill("SIGINT");
    return this.child.ended;
  }
}
