//! How the pair stands, and what it needs next: pure, so that RDS can be answered while a server moves.

use std::net::SocketAddr;

/// How the pair stands. Members are counted in the order of the deployment's regions, home first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The member that the global cluster calls its writer, alive or not.
    pub(super) writer: usize,
    pub(super) members: [Member; 2],
    /// Whether the other member streams from the writer.
    pub(super) connected: bool,
    /// The role that is on its way from one member to the other.
    pub(super) moving: Option<Move>,
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) address: SocketAddr,
    /// Whether its server was started and nobody has ended it since.
    pub(super) up: bool,
    /// Whether a fault keeps its server from being started.
    pub(super) lost: bool,
    /// Whether a fault holds its server where it is: it accepts connections and answers nothing.
    pub(super) held: bool,
    /// Whether its volume has commits that the writer's has not, or may have: only a new one can follow.
    pub(super) diverged: bool,
}

/// A writer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) to: usize,
    /// Whether it is a failover; otherwise it is a switchover.
    pub(super) loses_data: bool,
}

/// What is to be done so that both members run and one follows the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    Nothing,
    /// Start the server of this member with the role its volume has.
    Start(usize),
    /// Let this member stream from the writer again.
    Reconnect(usize),
    /// Give this member a new volume, a copy of the writer's.
    Rebuild(usize),
}

impl Standing {
    pub(super) fn other(&self) -> usize {
        1 - self.writer
    }

    /// What comes next. `apart` says that the two regions cannot reach each other.
    pub(super) fn care(&self, apart: bool) -> Care {
        let (writer, other) = (self.writer, self.other());
        let member = |index: usize| &self.members[index];
        let free = |index: usize| !member(index).lost && !member(index).held;
        if self.moving.is_some() || self.connected {
            return Care::Nothing;
        }
        if free(writer) && !member(writer).up {
            return Care::Start(writer);
        }
        // A replica needs no writer to start, and may be asked to become one.
        if free(other) && !member(other).up && !member(other).diverged {
            return Care::Start(other);
        }
        if apart || !free(writer) || !free(other) {
            return Care::Nothing;
        }
        match (member(other).diverged, member(other).up) {
            (true, _) => Care::Rebuild(other),
            (false, _) => Care::Reconnect(other),
        }
    }
}

#[cfg(test)]
mod tests {
    // Goal: a pair is only ever mended forward: the writer first, nothing while it moves or is apart, and a
    // volume that diverged never follows. Method: every standing there is.
    use super::*;

    fn every() -> Vec<Standing> {
        let address = SocketAddr::from(([127, 0, 0, 1], 5432));
        let bit = |bits: u32, n: u32| bits >> n & 1 == 1;
        let member = |bits: u32| Member {
            address,
            up: bit(bits, 0),
            lost: bit(bits, 1),
            diverged: bit(bits, 2),
            held: bit(bits, 3),
        };
        (0..2048)
            .map(|bits| Standing {
                writer: usize::from(bit(bits, 8)),
                members: [member(bits), member(bits >> 4)],
                connected: bit(bits, 9),
                moving: bit(bits, 10).then_some(Move { to: 0, loses_data: false }),
            })
            .collect()
    }

    #[test]
    fn a_pair_is_mended_forward() {
        for standing in every() {
            let (writer, other) = (standing.members[standing.writer], standing.members[standing.other()]);
            for apart in [false, true] {
                let care = standing.care(apart);
                if standing.moving.is_some() || standing.connected {
                    assert_eq!(care, Care::Nothing);
                }
                match care {
                    Care::Nothing => {}
                    Care::Start(index) => {
                        let member = standing.members[index];
                        assert!(!member.up && !member.lost && !member.held, "{standing:?}");
                        assert!(index == standing.writer || !member.diverged, "{standing:?}");
                    }
                    Care::Reconnect(index) => {
                        assert!(index == standing.other() && writer.up && !other.diverged && !apart);
                        assert!(!writer.held && !other.held, "{standing:?}");
                    }
                    Care::Rebuild(index) => {
                        assert!(index == standing.other() && writer.up && !other.lost && !apart);
                        assert!(!writer.held && !other.held, "{standing:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_replica_comes_back_although_its_writer_is_lost() {
        let address = SocketAddr::from(([127, 0, 0, 1], 5432));
        let member = |up, lost| Member { address, up, lost, diverged: false, held: false };
        let members = [member(false, true), member(false, false)];
        let standing = Standing { writer: 0, members, connected: false, moving: None };
        assert_eq!((standing.care(false), standing.care(true)), (Care::Start(1), Care::Start(1)));
    }

    #[test]
    fn every_pair_that_no_fault_holds_ends_connected() {
        for mut standing in every() {
            standing.moving = None;
            for member in &mut standing.members {
                (member.lost, member.held) = (false, false);
            }
            for _ in 0..4 {
                match standing.care(false) {
                    Care::Nothing => {}
                    Care::Start(index) => standing.members[index].up = true,
                    Care::Reconnect(_) => standing.connected = true,
                    Care::Rebuild(index) => {
                        let member = &mut standing.members[index];
                        (member.up, member.diverged) = (true, false);
                        standing.connected = true;
                    }
                }
            }
            assert!(standing.connected, "{standing:?}");
        }
    }
}
