//! The shape of a pool: how many blocks of which size, and what can be wrong with that.

use thiserror::Error;

/// Blocks per class, at most: the kernel's limit for the entries of one provided-buffer ring (`IORING_REGISTER_PBUF_RING`).
pub const BLOCKS_MAX: u32 = 32_768;

/// Block sizes are multiples of this (a cache line), so that two blocks never share one.
const BLOCK_UNIT: u32 = 64;

/// Bytes per block, at most. Keeps every offset and length far inside 32 bits.
const BLOCK_BYTES_MAX: u32 = 1 << 20;

/// How many classes there are.
pub(crate) const CLASSES: usize = 3;

/// A size class. The classes of one pool are ordered by block size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// Small blocks (256 B by default): headers, and the few bytes of a frame whose rest has not arrived.
    Parking = 0,
    /// What the kernel receives into (2 KiB by default).
    Receive = 1,
    /// Large blocks (16 KiB by default): links and bulk bodies.
    Bulk = 2,
}

impl Class {
    /// All classes, smallest blocks first.
    pub const ALL: [Class; CLASSES] = [Class::Parking, Class::Receive, Class::Bulk];
}

/// One size class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassConfig {
    /// Bytes per block: a multiple of 64, at most 1 MiB, and not below the class before.
    pub block_bytes: u32,
    /// How many blocks: 1 to [`BLOCKS_MAX`].
    pub blocks: u32,
}

/// A pool's shape. Memory is mapped at once but touched only as blocks come into use, so a generous count costs
/// address space, not memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// The shard this pool belongs to; loans say it, so that they find home.
    pub owner: u16,
    /// The classes, indexed by [`Class`].
    pub classes: [ClassConfig; CLASSES],
    /// A lease shorter than this that is appended behind other bytes of a gather is copied and its block freed at
    /// once, so that short arrivals cannot pin whole blocks.
    pub coalesce_bytes_max: u32,
}

impl PoolConfig {
    /// The default shape for shard `owner`: 8,192 x 256 B, 4,096 x 2 KiB, 256 x 16 KiB (14 MiB of address space).
    pub fn new(owner: u16) -> Self {
        Self {
            owner,
            classes: [
                ClassConfig {
                    block_bytes: 256,
                    blocks: 8_192,
                },
                ClassConfig {
                    block_bytes: 2_048,
                    blocks: 4_096,
                },
                ClassConfig {
                    block_bytes: 16_384,
                    blocks: 256,
                },
            ],
            coalesce_bytes_max: 256,
        }
    }

    /// The same with `class` in another shape.
    #[must_use]
    pub fn with(mut self, class: Class, block_bytes: u32, blocks: u32) -> Self {
        self.classes[class as usize] = ClassConfig {
            block_bytes,
            blocks,
        };
        self
    }

    /// Says what is wrong with the shape, if anything.
    pub(crate) fn check(&self) -> Result<(), PoolError> {
        let mut smallest = BLOCK_UNIT;
        for class in Class::ALL {
            let ClassConfig {
                block_bytes,
                blocks,
            } = self.classes[class as usize];
            if block_bytes % BLOCK_UNIT != 0 || !(smallest..=BLOCK_BYTES_MAX).contains(&block_bytes)
            {
                return Err(PoolError::BlockBytes {
                    class,
                    block_bytes,
                    smallest,
                });
            }
            if !(1..=BLOCKS_MAX).contains(&blocks) {
                return Err(PoolError::Blocks { class, blocks });
            }
            smallest = block_bytes;
        }
        Ok(())
    }
}

/// Why a pool cannot be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PoolError {
    /// A block size out of range.
    #[error(
        "pool class {class:?}: {block_bytes} bytes per block; must be a multiple of {BLOCK_UNIT}, \
         from {smallest} (the class before) to {BLOCK_BYTES_MAX}"
    )]
    BlockBytes {
        /// The class.
        class: Class,
        /// What was asked for.
        block_bytes: u32,
        /// The least that would do.
        smallest: u32,
    },
    /// A block count out of range.
    #[error("pool class {class:?}: {blocks} blocks; must be 1 to {BLOCKS_MAX}")]
    Blocks {
        /// The class.
        class: Class,
        /// What was asked for.
        blocks: u32,
    },
    /// The system would not map the memory.
    #[error(
        "cannot map {bytes} bytes for a buffer pool (errno {errno}): lower the block counts or raise RLIMIT_AS"
    )]
    Map {
        /// How much was asked for.
        bytes: usize,
        /// The system's error number.
        errno: i32,
    },
}
