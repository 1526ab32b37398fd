//! Limits the size of a request's head.

use poem::Request;

use super::Failure;

/// Maximum bytes of path and query. Ours have some hundred.
const ADDRESS: usize = 8 << 10;

/// Maximum bytes of path, query and headers. They include cookies of other sites under the same domain.
const HEAD: usize = 16 << 10;

/// Refuses a head over the limits with [`Failure::LongAddress`] or [`Failure::LargeHead`].
pub fn refuse_large(req: &Request) -> Result<(), Failure> {
    let address = req.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > ADDRESS {
        return Err(Failure::LongAddress);
    }
    // Each header has a colon, a space, CR and LF.
    let lines = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if address + lines.sum::<usize>() > HEAD { Err(Failure::LargeHead) } else { Ok(()) }
}
