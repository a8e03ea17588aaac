//! Which client does what: by its number, so that every thread comes to the same answer.

use std::iter;

use crate::{
    args::{Args, script::Sender},
    plan::{Plan, error::PlanError},
};

/// What a client is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Gets everything from the first message to the last.
    Member,
    /// Leaves and rejoins.
    Rover,
    /// Stops reading when measuring begins.
    Slow,
    /// Comes halfway, with many others.
    Newcomer,
}

impl Role {
    /// Whether such a client is measured with all those that were there from the begin.
    #[inline]
    pub fn stays(self) -> bool {
        matches!(self, Self::Member | Self::Rover)
    }
}

impl Plan {
    /// The same with so many clients, no more than there are: what is a share of them is that share of these.
    ///
    /// # Errors
    /// The user's: flags that need more clients.
    pub fn with_clients(&self, clients: usize, args: &Args) -> Result<Self, PlanError> {
        let plan = Self {
            clients,
            publishers: match args.publishers {
                Some(_) => self.publishers,
                None => self.publishers.min(clients),
            },
            threads: self.threads.min(clients),
            inflating: args
                .compress
                .map_or(0, |share| share.of(clients).min(clients)),
            ..self.clone()
        };
        plan.check(args)?;
        Ok(plan)
    }

    /// What a client is there for. Publishers, the first of all, are always members, and so are those who come with a stage.
    pub fn role(&self, client: usize) -> Role {
        if client >= self.clients_most() {
            Role::Newcomer
        } else if client >= self.clients {
            Role::Member
        } else if client >= self.clients - self.slow {
            Role::Slow
        } else if self.churn.is_some() && client >= self.publishers {
            Role::Rover
        } else {
            Role::Member
        }
    }

    /// Which channel a client is in, and publishes to if it does.
    pub fn channel(&self, client: usize) -> usize {
        client % self.channels
    }

    /// Which node of the hub a client connects to first: the next one for the next of its channel, and channels begin
    /// one further each, so that all of them have members on all nodes.
    pub fn node(&self, client: usize) -> usize {
        (client / self.channels + self.channel(client)) % self.nodes
    }

    /// Publishers of the channel that has most.
    pub fn publishers_per_channel(&self) -> usize {
        self.publishers.div_ceil(self.channels)
    }

    /// The clients of one thread, newcomers last: `thread`, `thread + threads`, and so on.
    pub fn clients_of(&self, thread: usize) -> impl ExactSizeIterator<Item = usize> + use<> {
        (thread..self.sockets()).step_by(self.threads)
    }

    /// Who gets everything that is sent in a channel from a moment on, in nanoseconds since measuring began.
    fn members(&self, channel: usize, since_ns: u64) -> usize {
        let healthy = self.staying(since_ns) - self.slow;
        healthy.saturating_sub(channel).div_ceil(self.channels)
    }

    /// Whether a publisher's message is delivered to itself, as to everyone else.
    pub fn is_own_receiver(&self) -> bool {
        self.sender == Sender::Gets
    }

    /// How many get everything that one publisher sends in a channel from a moment on, in nanoseconds since measuring began.
    pub fn receivers(&self, channel: usize, since_ns: u64) -> usize {
        self.members(channel, since_ns) - usize::from(!self.is_own_receiver())
    }

    /// The clients that a thread connects at the begin, as numbers of its own.
    pub fn first_clients_of(&self, thread: usize) -> usize {
        self.clients.saturating_sub(thread).div_ceil(self.threads)
    }

    /// The clients of a thread that are no storm's, as numbers of its own: those that it connects at the begin come first.
    pub fn regular_clients_of(&self, thread: usize) -> usize {
        let clients = self.clients_most();
        clients.saturating_sub(thread).div_ceil(self.threads)
    }

    /// The publishers of one thread, as numbers of its own: they are its first clients.
    pub fn publishers_of(&self, thread: usize) -> impl Iterator<Item = usize> + use<> {
        let threads = self.threads;
        let publishers = self.publishers;
        iter::successors(Some(thread), move |number| Some(number + threads))
            .take_while(move |&number| number < publishers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(flags: &str) -> Plan {
        let args = Args::read(format!("loadgen {flags}").split(' ')).unwrap();
        Plan::new(&args).unwrap()
    }

    #[test]
    fn publishers_come_first_and_slow_clients_last() {
        let plan =
            plan("--clients 10 --publishers 2 --slow 20% --storm 3 --churn 5s --protocol chat");
        let roles: Vec<Role> = (0..13).map(|client| plan.role(client)).collect();
        assert_eq!(roles[..2], [Role::Member; 2]);
        assert_eq!(roles[2..8], [Role::Rover; 6]);
        assert_eq!(roles[8..10], [Role::Slow; 2]);
        assert_eq!(roles[10..], [Role::Newcomer; 3]);
    }

    #[test]
    fn fewer_clients_are_a_smaller_run_of_the_same_kind() {
        let args =
            Args::read("loadgen --clients 40 --threads 4 --compress=50%".split(' ')).unwrap();
        let plan = Plan::new(&args).unwrap();
        let fewer = plan.with_clients(3, &args).unwrap();
        assert_eq!((fewer.clients, fewer.publishers), (3, 3));
        assert_eq!((fewer.threads, fewer.inflating), (3, 2));
        assert_eq!(fewer.seed, plan.seed);
        let args = Args::read("loadgen --publishers 4".split(' ')).unwrap();
        let plan = Plan::new(&args).unwrap();
        assert!(plan.with_clients(3, &args).is_err());
    }

    #[test]
    fn clients_are_spread_over_channels_and_threads() {
        let plan = plan("--clients 10 --publishers 3 --channels 4 --threads 3 --slow 1");
        let members: Vec<usize> = (0..4).map(|channel| plan.members(channel, 0)).collect();
        assert_eq!(members, [3, 2, 2, 2]);
        assert_eq!(plan.publishers_per_channel(), 1);
        assert_eq!(plan.clients_of(1).collect::<Vec<_>>(), [1, 4, 7]);
        let firsts: Vec<usize> = (0..3).map(|thread| plan.first_clients_of(thread)).collect();
        assert_eq!(firsts, [4, 3, 3]);
        assert_eq!(plan.publishers_of(1).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn the_clients_of_each_channel_go_to_all_nodes_in_turn() {
        let nodes = |flags: &str| {
            let plan = plan(format!("--clients 12 --url ws://a/ --url ws://b/ {flags}").trim());
            (0..12).map(|client| plan.node(client)).collect::<Vec<_>>()
        };
        assert_eq!(nodes("")[..4], [0, 1, 0, 1]);
        assert_eq!(nodes("--channels 2")[..6], [0, 1, 1, 0, 0, 1]);
        assert_eq!(nodes("--channels 12")[..4], [0, 1, 0, 1]);
        let three = nodes("--url ws://c/ --channels 4");
        for node in 0..3 {
            assert_eq!(three.iter().filter(|at| **at == node).count(), 4);
        }
    }
}
