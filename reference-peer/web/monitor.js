// Watches connections with getStats: round-trip time and bit rate, every few seconds.

const PERIOD_MS = 2000;

export class Monitor {
  // `show(id, text)` gets a short summary for each connected remote.
  constructor(session, show) {
    Object.assign(this, { session, show, bytes: new Map() });
    this.timer = setInterval(() => this.look(), PERIOD_MS);
  }

  async look() {
    for (const [id, remote] of this.session.remotes) {
      const { connection } = remote;
      if (connection?.connectionState !== "connected") continue;
      const summary = summarize(await connection.getStats());
      const before = this.bytes.get(id);
      this.bytes.set(id, summary);
      if (!before) continue;
      const seconds = (summary.at - before.at) / 1000;
      const kilobits = Math.max(0, Math.round(((summary.received - before.received) * 8) / 1000 / seconds));
      this.show(id, `${kilobits} kbit/s · ${Math.round(summary.roundTripMs)} ms`);
    }
  }

  stop() {
    clearInterval(this.timer);
  }
}

export function summarize(report) {
  const summary = { at: performance.now(), received: 0, roundTripMs: 0 };
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp") summary.received += entry.bytesReceived ?? 0;
    if (entry.type === "candidate-pair" && entry.nominated) {
      summary.roundTripMs = (entry.currentRoundTripTime ?? 0) * 1000;
    }
  }
  return summary;
}
