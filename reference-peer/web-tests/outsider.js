// An outsider: npm simple-peer over npm socket.io-client, written from the documents alone. It numbers nothing, knows
// nothing of meetings, and lets the lower id initiate.

window.outsider = { peers: new Map(), open: new Set(), streams: new Map(), heard: [] };

window.outsider.say = (text) => {
  for (const id of window.outsider.open) window.outsider.peers.get(id).send(text);
};

window.meet = async (room) => {
  const { peers, open, streams, heard } = window.outsider;
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const socket = window.io();
  await new Promise((resolve) => { socket.on("connect", resolve); });

  const meet = (id) => {
    // Both ends open the data channel of this id (docs/peer.md).
    const channelConfig = { negotiated: true, id: 100 };
    const peer = new window.SimplePeer({ initiator: socket.id < id, stream, trickle: true, channelConfig });
    peers.set(id, peer);
    peer.on("signal", (data) => {
      if (data.type === "offer") socket.emit("offer", { target: id, offer: data });
      else if (data.type === "answer") socket.emit("answer", { target: id, answer: data });
      else if (data.candidate) socket.emit("ice-candidate", { target: id, candidate: data.candidate });
    });
    peer.on("connect", () => open.add(id));
    peer.on("stream", (remote) => streams.set(id, remote));
    peer.on("data", (data) => heard.push(new TextDecoder().decode(data)));
    peer.on("error", (error) => { window.outsider.error = String(error); });
  };
  socket.on("user-joined", ({ userId }) => meet(userId));
  socket.on("user-left", ({ userId }) => { peers.get(userId)?.destroy(); peers.delete(userId); });
  socket.on("offer", ({ offer, from }) => peers.get(from)?.signal(offer));
  socket.on("answer", ({ answer, from }) => peers.get(from)?.signal(answer));
  socket.on("ice-candidate", ({ candidate, from }) => peers.get(from)?.signal({ candidate }));
  const ack = await new Promise((resolve) => { socket.emit("join-room", room, resolve); });
  if (!ack.success) throw new Error(ack.error);
  ack.existingUsers.forEach(meet);
};
