//! How large the head of a request may be.

use poem::Request;

use super::Failure;

/// Bytes of an address; ours have some hundred.
const ADDRESS: usize = 8 << 10;

/// Bytes of a head. Cookies of other sites under the same domain come along.
const HEAD: usize = 16 << 10;

/// Refuses a head that no page of ours makes a browser send.
pub fn refuse_large(req: &Request) -> Result<(), Failure> {
    let address = req.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > ADDRESS {
        return Err(Failure::LongAddress);
    }
    // A line has a colon, a space and two bytes at its end.
    let lines = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    if address + lines.sum::<usize>() > HEAD { Err(Failure::LargeHead) } else { Ok(()) }
}
