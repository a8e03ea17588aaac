//! Where connections come from: how many there are from one address, and how often new ones come.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::{bucket::Bucket, memory::of_table};
use crate::vocabulary::config::{ADDRESSES_MAX, AddressBounds};

/// The leading bits of an IPv6 address that one site has at least (RFC 6177): whoever has one address has them all.
const SITE_BITS: u32 = 64;

/// An address, or the site that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site(IpAddr);

/// Why one more connection from a site is too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// There are too many already.
    Connections,
    /// They come too fast.
    Handshakes,
}

/// All sites with connections, and those that had some lately.
#[derive(Debug)]
pub struct Addresses {
    bounds: AddressBounds,
    entries: HashMap<Site, Entry>,
    /// With how many entries to look for some that do not matter any more.
    crowded: usize,
}

#[derive(Debug, Default)]
struct Entry {
    connections: u32,
    handshakes: Bucket,
}

impl Addresses {
    /// Nobody yet.
    pub fn new(bounds: AddressBounds) -> Self {
        Self {
            bounds,
            entries: HashMap::new(),
            crowded: ADDRESSES_MAX,
        }
    }

    /// Whether there is anything to look out for.
    pub fn are_bounded(&self) -> bool {
        self.bounds != AddressBounds::default()
    }

    /// Notes a connection from an address, until the [`leave`](Self::leave) of the site.
    ///
    /// # Errors
    /// It is one too many, and was not noted.
    pub fn enter(&mut self, address: IpAddr, now: Duration) -> Result<Site, Excess> {
        if self.entries.len() >= self.crowded {
            self.forget(now);
        }
        let site = Site::of(address);
        let entry = self.entries.entry(site).or_default();
        if let Some(most) = self.bounds.handshakes
            && !entry.handshakes.take(most.into(), now)
        {
            return Err(Excess::Handshakes);
        }
        if self
            .bounds
            .connections
            .is_some_and(|most| entry.connections >= most)
        {
            return Err(Excess::Connections);
        }
        entry.connections += 1;
        Ok(site)
    }

    /// Notes that a connection is gone.
    pub fn leave(&mut self, site: Site, now: Duration) {
        if let Some(entry) = self.entries.get_mut(&site) {
            entry.connections -= 1;
            if entry.is_past(now) {
                self.entries.remove(&site);
            }
        }
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        of_table::<(Site, Entry)>(self.entries.capacity())
    }

    /// Forgets those that had connections once.
    fn forget(&mut self, now: Duration) {
        self.entries.retain(|_, entry| !entry.is_past(now));
        self.crowded = ADDRESSES_MAX.max(self.entries.len() * 2);
    }
}

impl Entry {
    fn is_past(&self, now: Duration) -> bool {
        self.connections == 0 && self.handshakes.is_full(now)
    }
}

impl Site {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let mask = u128::MAX << (u128::BITS - SITE_BITS);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn addresses(connections: Option<u32>, handshakes: Option<u32>) -> Addresses {
        Addresses::new(AddressBounds {
            connections,
            handshakes,
        })
    }

    #[test]
    fn so_many_connections_come_from_one_address_and_no_more() {
        let mut addresses = addresses(Some(2), None);
        let mut enter = |address| addresses.enter(ip(address), SECOND);
        let first = enter("192.0.2.1").unwrap();
        assert_eq!(enter("::ffff:192.0.2.1"), Ok(first));
        assert_eq!(enter("192.0.2.1"), Err(Excess::Connections));
        assert!(enter("192.0.2.2").is_ok());
        addresses.leave(first, SECOND);
        assert_eq!(addresses.enter(ip("192.0.2.1"), SECOND), Ok(first));
    }

    #[test]
    fn all_addresses_of_a_site_count_as_one() {
        let mut addresses = addresses(Some(1), None);
        assert!(addresses.enter(ip("2001:db8::1"), SECOND).is_ok());
        let other = addresses.enter(ip("2001:db8::ffff:1"), SECOND);
        assert_eq!(other, Err(Excess::Connections));
        assert!(addresses.enter(ip("2001:db8:0:1::1"), SECOND).is_ok());
    }

    #[test]
    fn so_many_come_in_a_second_even_if_none_stays() {
        let mut addresses = addresses(None, Some(2));
        for _ in 0..2 {
            let site = addresses.enter(ip("192.0.2.1"), SECOND).unwrap();
            addresses.leave(site, SECOND);
        }
        let third = addresses.enter(ip("192.0.2.1"), SECOND);
        assert_eq!(third, Err(Excess::Handshakes));
        assert!(addresses.enter(ip("192.0.2.1"), SECOND * 3).is_ok());
    }

    #[test]
    fn those_who_are_gone_are_forgotten() {
        let mut bounded = addresses(Some(1), None);
        let site = bounded.enter(ip("192.0.2.1"), SECOND).unwrap();
        bounded.leave(site, SECOND);
        assert!(bounded.entries.is_empty());
        let mut paced = addresses(None, Some(1));
        for number in 0..2 * u32::try_from(ADDRESSES_MAX).unwrap() {
            let now = Duration::from_millis(number.into());
            let site = paced.enter(IpAddr::from(number.to_be_bytes()), now);
            paced.leave(site.unwrap(), now);
        }
        assert!(paced.entries.len() <= ADDRESSES_MAX);
    }
}
