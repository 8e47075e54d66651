// The client of a tutorial's pupil, in the page: plain RTCPeerConnection over npm socket.io-client, with nothing but what the
// tutorial says. Both ends offer, each offer makes a new connection, and signals carry no numbers. `glare test-peer` has to find
// out what is wrong with it.

window.join = async (room) => {
  const peers = new Map();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const socket = window.io();
  await new Promise((resolve) => { socket.on("connect", resolve); });

  const connect = (id) => {
    const connection = new RTCPeerConnection();
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) socket.emit("ice-candidate", { target: id, candidate });
    };
    connection.ontrack = () => {};
    connection.onconnectionstatechange = () => {
      if (["disconnected", "failed"].includes(connection.connectionState)) hangUp(id);
    };
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    peers.set(id, connection);
    return connection;
  };
  const hangUp = (id) => {
    peers.get(id)?.close();
    peers.delete(id);
  };
  const offer = async (id) => {
    const connection = connect(id);
    await connection.setLocalDescription(await connection.createOffer());
    socket.emit("offer", { target: id, offer: connection.localDescription });
  };

  socket.on("user-joined", ({ userId }) => offer(userId));
  socket.on("user-left", ({ userId }) => hangUp(userId));
  socket.on("offer", async ({ offer: description, from }) => {
    const connection = connect(from);
    await connection.setRemoteDescription(description);
    await connection.setLocalDescription(await connection.createAnswer());
    socket.emit("answer", { target: from, answer: connection.localDescription });
  });
  socket.on("answer", ({ answer, from }) => peers.get(from)?.setRemoteDescription(answer).catch(console.error));
  socket.on("ice-candidate", ({ candidate, from }) => peers.get(from)?.addIceCandidate(candidate).catch(console.error));
  const ack = await new Promise((resolve) => { socket.emit("join-room", room, resolve); });
  if (!ack.success) throw new Error(ack.error);
  ack.existingUsers.forEach(offer);
};
