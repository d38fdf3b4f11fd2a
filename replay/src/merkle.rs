//! The Merkle tree of RFC 6962 over the log's leaves, kept as its frontier: the roots of the perfect subtrees that make it up.

use sha2::{Digest, Sha256};

type Digest32 = [u8; 32];

/// The roots of the perfect subtrees of a tree that grows to the right, the largest first: one per bit set in its size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest32>,
}

impl Frontier {
    /// A frontier as it was stored. `None` if there are not as many roots as the size has bits set.
    pub fn from_parts(size: u64, peaks: Vec<Digest32>) -> Option<Self> {
        (usize::try_from(size.count_ones()).ok()? == peaks.len()).then_some(Self { size, peaks })
    }

    /// The roots, the largest subtree first.
    pub fn peaks(&self) -> &[Digest32] {
        &self.peaks
    }

    /// Adds a leaf, given its hash.
    pub fn push(&mut self, leaf: Digest32) {
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = parent(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root of the tree: of no leaves, the hash of nothing.
    pub fn root(&self) -> Digest32 {
        let mut peaks = self.peaks.iter().rev();
        let Some(smallest) = peaks.next() else {
            return Sha256::digest([]).into();
        };
        peaks.fold(*smallest, |right, left| parent(left, &right))
    }
}

/// `sha256(0x01 ‖ left ‖ right)`.
fn parent(left: &Digest32, right: &Digest32) -> Digest32 {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root as RFC 6962 defines it, by recursion over all leaves.
    fn by_definition(leaves: &[Digest32]) -> Digest32 {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                parent(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_has_the_root_of_the_definition_at_every_size() {
        let mut frontier = Frontier::default();
        let mut leaves = Vec::new();
        for n in 0_u8..130 {
            assert_eq!(frontier.root(), by_definition(&leaves), "{n} leaves");
            assert_eq!(frontier.peaks().len(), usize::try_from(u32::from(n).count_ones()).unwrap());
            let leaf = Sha256::digest([0, n]).into();
            leaves.push(leaf);
            frontier.push(leaf);
        }
    }

    #[test]
    fn the_roots_are_those_that_the_certificate_transparency_log_uses() {
        // The first three leaves of the test vectors of the Certificate Transparency reference implementation.
        let inputs: [&[u8]; 3] = [b"", b"\x00", b"\x10"];
        let mut frontier = Frontier::default();
        for input in inputs {
            frontier.push(Sha256::new().chain_update([0]).chain_update(input).finalize().into());
        }
        let root = u128::from_str_radix("aeb6bcfe274b70a14fb067a5e5578264", 16).unwrap();
        assert_eq!(frontier.root()[..16], root.to_be_bytes());
        let root = u128::from_str_radix("db0fa9b51af5e0ba159158f329e06e77", 16).unwrap();
        assert_eq!(frontier.root()[16..], root.to_be_bytes());
    }
}
