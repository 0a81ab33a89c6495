//! H.248 gateways at shards of a simulated world, one behaviour per file.

mod acknowledgements;
mod amplification;
mod avalanche;
mod blocking;
mod bursts;
mod forged;
mod homes;
mod limits;
mod loss;
mod returning;
mod silence;
mod stage;
mod too_long;
mod traces;
