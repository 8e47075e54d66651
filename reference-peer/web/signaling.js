// The connection to a signaling server: JSON over WebSocket, or Socket.IO v4 over WebSocket. It moves events and knows no room.

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_DEFAULT_MS = 45_000;

const JSON_WIRE = {
  path: "/ws",
  greet(signaling, text) {
    const frame = JSON.parse(text);
    if (frame.event !== "connected") throw new Error("the first frame is not `connected`");
    signaling.patience(frame.data.pingInterval, frame.data.pingTimeout);
    return frame.data.userId;
  },
  encode: (event, data, ack) => JSON.stringify({ event, data, ack }),
  decode(text) {
    const { event, data, ack } = JSON.parse(text);
    return event === "ack" ? { ack, data } : { event, data };
  },
  // A browser answers WebSocket pings without telling, so that silence proves nothing here.
  tellsHeartbeat: false,
};

const SOCKETIO_WIRE = {
  path: "/socket.io/?EIO=4&transport=websocket",
  greet(signaling, text) {
    if (text.startsWith("44")) throw new Error(`the server refused the connection: ${text.slice(2)}`);
    if (text.startsWith("40")) return JSON.parse(text.slice(2)).sid;
    if (text.startsWith("0")) {
      const open = JSON.parse(text.slice(1));
      signaling.patience(open.pingInterval, open.pingTimeout);
      signaling.socket.send("40");
    } else if (text === "2") signaling.socket.send("3");
    return undefined;
  },
  encode: (event, data, ack) => `42${ack ?? ""}${JSON.stringify(data === undefined ? [event] : [event, data])}`,
  decode(text, signaling) {
    if (text === "2") signaling.socket.send("3");
    const [, kind, ack, rest] = text.match(/^4([123])(\d*)(.*)$/s) ?? [];
    if (kind === "1") signaling.socket.close();
    if (kind === "3") return { ack: Number(ack), data: JSON.parse(rest)[0] };
    if (kind !== "2") return {};
    const [event, data] = JSON.parse(rest);
    return { event, data };
  },
  tellsHeartbeat: true,
};

export class Signaling {
  // `hear(event, data)` gets what arrives, acks as the event "ack" with {ack, data}; `end(reason)` is called once, unless
  // `close` was.
  constructor(base, wire, hear, end) {
    this.wire = wire === "sio" ? SOCKETIO_WIRE : JSON_WIRE;
    Object.assign(this, { hear, end, nextAck: 0, silenceMs: SILENCE_DEFAULT_MS, isOver: false });
    const url = new URL(this.wire.path, base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
  }

  // Resolves with our user id.
  open() {
    return new Promise((resolve, reject) => {
      const fail = (problem) => {
        clearTimeout(late);
        this.isOver = true;
        this.socket.close();
        reject(new Error(problem));
      };
      const late = setTimeout(() => fail("the server does not answer"), CONNECT_TIMEOUT_MS);
      this.socket.onclose = () => fail("the server cannot be reached");
      this.socket.onmessage = ({ data: text }) => {
        let userId;
        try {
          userId = this.wire.greet(this, text);
        } catch (error) {
          return fail(error.message);
        }
        if (userId === undefined) return undefined;
        clearTimeout(late);
        this.socket.onclose = () => this.finish("the server closed the connection");
        this.socket.onmessage = (message) => this.receive(message.data);
        this.watch();
        return resolve(userId);
      };
    });
  }

  patience(intervalMs, timeoutMs) {
    if (Number.isFinite(intervalMs) && Number.isFinite(timeoutMs)) this.silenceMs = intervalMs + timeoutMs;
  }

  watch() {
    if (!this.wire.tellsHeartbeat) return;
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.finish("the server is silent"), this.silenceMs);
  }

  receive(text) {
    this.watch();
    let heard;
    try {
      heard = this.wire.decode(text, this);
    } catch {
      return; // No frame of this wire: not for us.
    }
    if (heard.ack !== undefined) this.hear("ack", heard);
    else if (heard.event !== undefined) this.hear(heard.event, heard.data);
  }

  send(event, data) {
    if (!this.isOver) this.socket.send(this.wire.encode(event, data));
  }

  // Sends a request; returns the number of its ack.
  request(event, data) {
    const ack = this.nextAck;
    this.nextAck += 1;
    if (!this.isOver) this.socket.send(this.wire.encode(event, data, ack));
    return ack;
  }

  finish(reason) {
    if (this.isOver) return;
    this.close();
    this.end(reason);
  }

  close() {
    this.isOver = true;
    clearTimeout(this.watchdog);
    this.socket.close();
  }
}
