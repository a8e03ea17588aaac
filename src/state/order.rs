//! Things in the order in which something happened to each of them last.

use std::iter;

use super::memory::of_list;

/// Numbers of things, such as places in a slab, as a list: each goes to the end, or out of it, without a look at the others.
#[derive(Debug, Default)]
pub struct Order {
    /// Beside whom each is, by its number and one. The first of these are the ends.
    links: Vec<Link>,
}

/// Who comes before something and who after it. Nobody is the ends.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    before: u32,
    after: u32,
}

impl Order {
    /// The one to which nothing happened for longest.
    pub fn first(&self) -> Option<u32> {
        let ends = self.links.first()?;
        ends.after.checked_sub(1)
    }

    /// All of them, that one first.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        iter::successors(self.first(), |&thing| {
            let link = self.links[thing as usize + 1];
            link.after.checked_sub(1)
        })
    }

    /// Adds one that is not in it, as the last.
    pub fn push(&mut self, thing: u32) {
        let place = thing + 1;
        if place as usize >= self.links.len() {
            self.links.resize(place as usize + 1, Link::default());
        }
        let before = self.links[0].before;
        self.links[place as usize] = Link { before, after: 0 };
        self.links[before as usize].after = place;
        self.links[0].before = place;
    }

    /// Takes one out that is in it.
    pub fn remove(&mut self, thing: u32) {
        let Link { before, after } = self.links[thing as usize + 1];
        self.links[before as usize].after = after;
        self.links[after as usize].before = before;
    }

    /// Bytes that it takes.
    pub fn heap_bytes(&self) -> usize {
        of_list::<Link>(self.links.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_added_last_is_last_and_nobody_else_moves() {
        let mut order = Order::default();
        assert_eq!(order.first(), None);
        for thing in [5, 0, 7, 3] {
            order.push(thing);
        }
        for thing in [0, 5, 3] {
            order.remove(thing);
            order.push(thing);
        }
        order.remove(5);
        assert_eq!(order.iter().collect::<Vec<_>>(), [7, 0, 3]);
    }
}
