//! A TURN server on the loopback interface that counts what it relays. The protocol is the crate's; sockets are ours.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use glare_peer::native::IceServer;
use tokio::{net::UdpSocket, sync::mpsc, time::Instant};
use tokio_util::task::AbortOnDropHandle;
use turn_server_proto::{
    api::{SocketAllocateError, Transmit, TurnServerApi, TurnServerPollRet},
    server::TurnServer,
    types::{AddressFamily, TransportType},
};

/// The only user, and its password.
const USER: (&str, &str) = ("ada", "secret");

/// Datagrams that arrived and wait; what comes beyond waits in its socket.
const ARRIVALS_MAX: usize = 256;

/// The longest datagram that is read.
const DATAGRAM_BYTES_MAX: usize = 2048;

/// What came of the server so far.
#[derive(Default)]
pub(crate) struct Counts {
    allocations: AtomicUsize,
    relayed_bytes: AtomicUsize,
}

/// A running server. Dropping it ends it, with all that it allocated.
pub(crate) struct Relay {
    addr: SocketAddr,
    counts: Arc<Counts>,
    _task: AbortOnDropHandle<()>,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let (arriving, arrivals) = mpsc::channel(ARRIVALS_MAX);
        let socket = Socket::open(arriving.clone()).await;
        let (addr, counts) = (socket.addr, Arc::<Counts>::default());
        let mut server = TurnServer::new(TransportType::Udp, addr, "glare".to_owned());
        server.add_user(USER.0.to_owned(), USER.1.to_owned());
        let sockets = HashMap::from([(addr, socket)]);
        let serving = Serving { server, addr, sockets, arriving, counts: Arc::clone(&counts), began: Instant::now() };
        Self { addr, counts, _task: AbortOnDropHandle::new(tokio::spawn(serving.run(arrivals))) }
    }

    /// As a peer is told of it.
    pub(crate) fn server(&self, password: &str) -> IceServer {
        let url = format!("turn:{}", self.addr);
        IceServer { url, username: USER.0.to_owned(), credential: password.to_owned() }
    }

    /// As the only user is told of it.
    pub(crate) fn own_server(&self) -> IceServer {
        self.server(USER.1)
    }

    /// As a command line names it.
    pub(crate) fn argument(&self) -> String {
        format!("turn:{}:{}@{}", USER.0, USER.1, self.addr)
    }

    /// How often somebody was given an address here.
    pub(crate) fn allocations(&self) -> usize {
        self.counts.allocations.load(Ordering::Relaxed)
    }

    /// The bytes that went out from such addresses, without what TURN puts around them.
    pub(crate) fn relayed_bytes(&self) -> usize {
        self.counts.relayed_bytes.load(Ordering::Relaxed)
    }
}

/// A datagram: where it arrived, who sent it, and what it says.
type Arrival = (SocketAddr, SocketAddr, Vec<u8>);

struct Socket {
    addr: SocketAddr,
    socket: Arc<UdpSocket>,
    _reading: AbortOnDropHandle<()>,
}

impl Socket {
    async fn open(arriving: mpsc::Sender<Arrival>) -> Self {
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        let (addr, reader) = (socket.local_addr().unwrap(), Arc::clone(&socket));
        let reading = async move {
            let mut datagram = vec![0; DATAGRAM_BYTES_MAX];
            loop {
                // What was sent to a port that is closed by now comes back as an error, and is none of this socket.
                let Ok((length, from)) = reader.recv_from(&mut datagram).await else { continue };
                if arriving.send((addr, from, datagram[..length].to_vec())).await.is_err() {
                    return;
                }
            }
        };
        Self { addr, socket, _reading: AbortOnDropHandle::new(tokio::spawn(reading)) }
    }
}

struct Serving {
    server: TurnServer,
    addr: SocketAddr,
    /// The server's own socket and the allocated ones.
    sockets: HashMap<SocketAddr, Socket>,
    arriving: mpsc::Sender<Arrival>,
    counts: Arc<Counts>,
    began: Instant,
}

impl Serving {
    /// Everything is done when a datagram arrives: what else would be due, the end of an allocation, is ten minutes away.
    async fn run(mut self, mut arrivals: mpsc::Receiver<Arrival>) {
        while let Some((to, from, data)) = arrivals.recv().await {
            let now = self.now();
            let answer = self.server.recv(Transmit::new(data, TransportType::Udp, from, to), now);
            if let Some(answer) = answer {
                self.send(answer.build()).await;
            }
            self.settle().await;
        }
    }

    /// Does what the server asks for, until it only waits.
    async fn settle(&mut self) {
        loop {
            let now = self.now();
            match self.server.poll(now) {
                TurnServerPollRet::WaitUntil(_) => break,
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let allocated = self.allocate(allocation_transport, family).await;
                    let now = self.now();
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        allocated,
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { transport: _, listen_addr } => {
                    self.sockets.remove(&listen_addr);
                }
                asked @ (TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::TcpClose { .. }) => {
                    unreachable!("nothing is allocated for TCP: {asked:?}")
                }
            }
        }
        while let Some(transmit) = self.server.poll_transmit(self.now()) {
            self.send(transmit).await;
        }
    }

    async fn allocate(
        &mut self,
        transport: TransportType,
        family: AddressFamily,
    ) -> Result<SocketAddr, SocketAllocateError> {
        if (transport, family) != (TransportType::Udp, AddressFamily::IPV4) {
            return Err(SocketAllocateError::AddressFamilyNotSupported);
        }
        let socket = Socket::open(self.arriving.clone()).await;
        let addr = socket.addr;
        self.sockets.insert(addr, socket);
        self.counts.allocations.fetch_add(1, Ordering::Relaxed);
        Ok(addr)
    }

    async fn send(&self, transmit: Transmit<Vec<u8>>) {
        let Some(socket) = self.sockets.get(&transmit.from) else { return };
        if transmit.from != self.addr {
            self.counts.relayed_bytes.fetch_add(transmit.data.len(), Ordering::Relaxed);
        }
        // A datagram may be lost.
        socket.socket.send_to(&transmit.data, transmit.to).await.ok();
    }

    fn now(&self) -> turn_server_proto::stun::Instant {
        let nanoseconds = self.began.elapsed().as_nanos();
        turn_server_proto::stun::Instant::from_nanos(nanoseconds.try_into().expect("a test takes less than centuries"))
    }
}
