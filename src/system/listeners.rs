//! All that a server listens on: where someone waits, and who comes in next.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use tracing::warn;

use super::{
    descriptors::Spare,
    listener::{ListenError, Listener, bind},
    socket::Socket,
};
use crate::vocabulary::{
    address::Address,
    arrival::{Arrival, Role},
    config::{Config, DEFAULT_PORT, LISTEN_BACKLOG_MAX, LISTENERS_MAX, TURN_ACCEPTS_MAX},
};

/// How long accepting pauses when the system has no descriptor or memory for another socket.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listening sockets. They signal edges, so this remembers where someone may wait.
#[derive(Debug, Default)]
pub struct Listeners {
    doors: Vec<Door>,
    /// Which door is looked at first, so that each gets its turn.
    next: usize,
    /// When to go on, if the system has no room for another connection until then.
    paused_until: Option<Duration>,
    places: Vec<Place>,
}

/// A listener, and whether someone may wait there.
#[derive(Debug)]
struct Door {
    /// By which number its knocks are known, of those that there were at first.
    number: usize,
    listener: Listener,
    role: Role,
    sharing: Sharing,
    is_knocked_at: bool,
}

/// Whether others listen there as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Nobody.
    None,
    /// The one who opened the socket, for whoever is to have those who wait next.
    Socket,
    /// Others with sockets of their own, and others who wait.
    Port,
}

/// Where a server listens, as it was asked to: a name counts once, however many addresses it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `http://HOST:PORT` or another scheme, or `unix:PATH`.
    pub url: String,
    /// For whom.
    pub role: Role,
}

impl fmt::Display for Place {
    /// What the program says of it on its standard output, behind its own name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.role {
            Role::Admin => write!(f, "admin listening on {}", self.url),
            Role::Whole | Role::Public => write!(f, "listening on {}", self.url),
        }
    }
}

impl Listeners {
    /// Listens with sockets that were handed over, and at all addresses of a configuration. Over TCP `scheme` is spoken.
    ///
    /// # Errors
    /// Names the first address that cannot be had, or that of the operator where strangers would be let in.
    pub fn bind(
        inherited: Vec<Listener>,
        config: &Config,
        scheme: &str,
    ) -> Result<Self, ListenError> {
        let mut listeners = Self::default();
        let role = match config.admin_addr {
            Some(_) => Role::Public,
            None => Role::Whole,
        };
        let default = [Address::loopback(DEFAULT_PORT)];
        let addresses = match &config.addrs[..] {
            [] if inherited.is_empty() => &default,
            addresses => addresses,
        };
        for (number, listener) in inherited.into_iter().enumerate() {
            let prepared = if config.bounds_lag() {
                listener.hold_little()
            } else {
                Ok(())
            };
            let url = prepared.and_then(|()| listener.url(scheme));
            let url = url.map_err(|cause| ListenError::Inherited {
                number: number + 1,
                cause,
            })?;
            listeners.places.push(Place { url, role });
            listeners.add(listener, role, Sharing::Socket, "LISTEN_FDS")?;
        }
        for address in addresses {
            listeners.open("--addr", address, role, scheme, config)?;
        }
        if let Some(address) = &config.admin_addr {
            // Who asks there asks one server, and is to know which.
            let alone = Config {
                reuse_port: false,
                ..config.clone()
            };
            listeners.open("--admin-addr", address, Role::Admin, scheme, &alone)?;
        }
        Ok(listeners)
    }

    /// Where it listens, in the order in which it was asked to.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Watches all listeners, under as many tokens, of which this is the first.
    ///
    /// # Errors
    /// Those of `epoll_ctl(2)`.
    pub fn watch(&mut self, registry: &Registry, first: Token) -> io::Result<()> {
        for door in &mut self.doors {
            let token = Token(first.0 + door.number);
            registry.register(door.listener.source(), token, Interest::READABLE)?;
        }
        Ok(())
    }

    /// Notes that someone knocks at the listener of this number.
    pub fn knock(&mut self, number: usize) {
        let mut doors = self.doors.iter_mut();
        if let Some(door) = doors.find(|door| door.number == number) {
            door.is_knocked_at = true;
        }
    }

    /// Leaves the doors at which others listen as well to them. Of those who wait there, those whom nobody else would let
    /// in are let in.
    pub fn leave_to_others(&mut self, registry: &Registry, mut admit: impl FnMut(Socket, Arrival)) {
        for mut door in self
            .doors
            .extract_if(.., |door| door.sharing != Sharing::None)
        {
            // The socket lives on with the one who opened it, and its events with it (epoll(7), "Questions and answers").
            if let Err(error) = registry.deregister(door.listener.source()) {
                warn!(%error, "a listener that is left to others may still be heard of");
            }
            let role = door.role;
            let waiting = if door.sharing == Sharing::Port {
                LISTEN_BACKLOG_MAX
            } else {
                0
            };
            for _ in 0..waiting {
                let Ok((socket, peer)) = door.listener.accept() else {
                    break;
                };
                admit(socket, Arrival { peer, role });
            }
        }
    }

    /// How long to wait before the next look at who waits; `None` if nobody does.
    pub fn patience(&self, now: Duration) -> Option<Duration> {
        let is_knocked_at = self.doors.iter().any(|door| door.is_knocked_at);
        let until = self.paused_until.unwrap_or_default();
        is_knocked_at.then(|| until.saturating_sub(now))
    }

    /// Lets in who waits, one at each door in turn, and not too many at once. When the system has no room for them they
    /// are closed with the help of a spare descriptor. Says how many were.
    pub fn accept(
        &mut self,
        now: Duration,
        spare: &mut Spare,
        mut admit: impl FnMut(Socket, Arrival),
    ) -> u64 {
        if self.paused_until.is_some_and(|until| now < until) {
            return 0;
        }
        self.paused_until = None;
        let mut turned_away = 0;
        for _ in 0..TURN_ACCEPTS_MAX {
            let Some(door) = self.next_door() else {
                break;
            };
            let role = door.role;
            match door.listener.accept() {
                Ok((socket, peer)) => admit(socket, Arrival { peer, role }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => door.is_knocked_at = false,
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) if spare.lend(|| door.listener.accept().is_err()) => {
                    warn!(%error, "accepting pauses");
                    self.paused_until = Some(now + ACCEPT_PAUSE);
                    break;
                }
                Err(_) => turned_away += 1,
            }
        }
        turned_away
    }

    /// The next door at which someone may wait.
    fn next_door(&mut self) -> Option<&mut Door> {
        let count = self.doors.len();
        let mut numbers = (0..count).map(|step| (self.next + step) % count);
        let number = numbers.find(|&number| self.doors[number].is_knocked_at)?;
        self.next = number + 1;
        Some(&mut self.doors[number])
    }

    fn open(
        &mut self,
        flag: &'static str,
        address: &Address,
        role: Role,
        scheme: &str,
        config: &Config,
    ) -> Result<(), ListenError> {
        let opened = bind(flag, address, config)?;
        if role == Role::Admin
            && config.lets_programs_in()
            && !opened.iter().all(Listener::is_local)
        {
            let address = address.clone();
            return Err(ListenError::Open { flag, address });
        }
        let url = url(address, &opened, scheme).map_err(|cause| ListenError::Address {
            flag,
            address: address.clone(),
            cause,
        })?;
        self.places.push(Place { url, role });
        for listener in opened {
            let sharing = match listener {
                Listener::Tcp(_) if config.reuse_port => Sharing::Port,
                Listener::Tcp(_) | Listener::Unix(..) => Sharing::None,
            };
            self.add(listener, role, sharing, flag)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        listener: Listener,
        role: Role,
        sharing: Sharing,
        flag: &'static str,
    ) -> Result<(), ListenError> {
        let number = self.doors.len();
        if number >= LISTENERS_MAX {
            return Err(ListenError::TooMany { flag });
        }
        self.doors.push(Door {
            number,
            listener,
            role,
            sharing,
            is_knocked_at: false,
        });
        Ok(())
    }
}

/// Where listeners are that were opened for one address.
fn url(address: &Address, opened: &[Listener], scheme: &str) -> io::Result<String> {
    let [first, others @ ..] = opened else {
        return Ok(address.to_string());
    };
    match (address, first.port()?) {
        (Address::Tcp { host, .. }, Some(port)) if !others.is_empty() => {
            let host = host.clone();
            Ok(format!("{scheme}://{}", Address::Tcp { host, port }))
        }
        _ => first.url(scheme),
    }
}

/// Whether accept(2) failed because the connection was gone or broken before it was accepted, and not for want of
/// descriptors or memory, which leaves it waiting (accept(2), "Error handling").
fn is_of_one_connection(error: &io::Error) -> bool {
    let errors = [
        Errno::CONNABORTED,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
        Errno::INTR,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::NONET,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        Errno::PERM,
        Errno::PROTO,
    ];
    Errno::from_io_error(error).is_some_and(|errno| errors.contains(&errno))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use socket2::SockRef;

    use super::*;
    use crate::vocabulary::config::{NOTSENT_LOWAT_BYTES, Slow};

    fn listeners(addresses: usize) -> Listeners {
        let config = Config {
            addrs: vec![Address::loopback(0); addresses],
            ..Config::default()
        };
        Listeners::bind(Vec::new(), &config, "http").unwrap()
    }

    /// Clients who wait at the listener of this number.
    fn crowd(listeners: &Listeners, number: usize, clients: usize) -> Vec<TcpStream> {
        let url = &listeners.places()[number].url;
        let address = url.strip_prefix("http://").unwrap();
        let connect = |_| TcpStream::connect(address).unwrap();
        (0..clients).map(connect).collect()
    }

    /// The clients' ports of those who are let in now.
    fn accept(listeners: &mut Listeners) -> Vec<u16> {
        let mut spare = Spare::take().unwrap();
        let mut accepted = Vec::new();
        listeners.accept(Duration::ZERO, &mut spare, |socket, _| {
            let Socket::Tcp(stream) = socket else {
                panic!("TCP was accepted");
            };
            accepted.push(stream.peer_addr().unwrap().port());
        });
        accepted
    }

    fn port(client: &TcpStream) -> u16 {
        client.local_addr().unwrap().port()
    }

    #[test]
    fn a_crowd_at_one_listener_keeps_nobody_waiting_at_another() {
        let mut listeners = listeners(2);
        let _crowd = crowd(&listeners, 0, TURN_ACCEPTS_MAX);
        let other = crowd(&listeners, 1, 1);
        assert_eq!(listeners.patience(Duration::ZERO), None);
        listeners.knock(0);
        listeners.knock(1);
        assert_eq!(listeners.patience(Duration::ZERO), Some(Duration::ZERO));
        let first = accept(&mut listeners);
        assert!(first[..2].contains(&port(&other[0])));
        let rest = accept(&mut listeners);
        assert!(!rest.is_empty(), "not too many come in at once");
        assert_eq!(first.len() + rest.len(), TURN_ACCEPTS_MAX + 1);
        assert_eq!(listeners.patience(Duration::ZERO), None);
    }

    #[test]
    fn the_kernel_holds_little_of_each_peer_only_where_lag_is_bounded() {
        let held = |config: Config| {
            let config = Config {
                addrs: vec![Address::loopback(0)],
                ..config
            };
            let mut listeners = Listeners::bind(Vec::new(), &config, "http").unwrap();
            let _client = crowd(&listeners, 0, 1);
            listeners.knock(0);
            let mut held = None;
            listeners.accept(Duration::ZERO, &mut Spare::take().unwrap(), |socket, _| {
                if let Socket::Tcp(stream) = socket {
                    held = Some(SockRef::from(&stream).tcp_notsent_lowat().unwrap());
                }
            });
            held.unwrap()
        };
        let unbounded = held(Config::default());
        assert_ne!(unbounded, NOTSENT_LOWAT_BYTES);
        let slow = Slow::Gap;
        let max_lag = Some(Duration::from_secs(1));
        let gap = Config {
            slow,
            ..Config::default()
        };
        let lag = Config {
            max_lag,
            ..Config::default()
        };
        assert_eq!([gap, lag].map(held), [NOTSENT_LOWAT_BYTES; 2]);
    }

    #[test]
    fn there_is_a_bound_for_how_many_there_are() {
        let config = Config {
            addrs: vec![Address::loopback(0); LISTENERS_MAX],
            admin_addr: Some(Address::loopback(0)),
            ..Config::default()
        };
        assert!(matches!(
            Listeners::bind(Vec::new(), &config, "http"),
            Err(ListenError::TooMany {
                flag: "--admin-addr"
            })
        ));
    }
}
