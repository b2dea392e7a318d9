//! Unpacking a body, within a bound: gzip makes a thousand bytes of one.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Why a gzip body cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// It is something else, damaged, or cut short.
    #[error("the body is not gzip, as its Content-Encoding says")]
    NotGzip,
    /// It is larger than this many bytes once it is unpacked.
    #[error("the body is larger than the {0} bytes allowed once it is unpacked")]
    TooLarge(usize),
}

/// Unpacks a gzip `body` of one or more members to at most `bound` bytes.
///
/// # Errors
/// See [`UnpackError`].
pub fn unpack(body: &[u8], bound: usize) -> Result<Vec<u8>, UnpackError> {
    // Room that is not used costs nothing; a vector that grows is there twice for a moment.
    let mut unpacked = Vec::with_capacity(bound + 1);
    let mut reader = MultiGzDecoder::new(body).take(bound as u64 + 1);
    let read = reader.read_to_end(&mut unpacked);
    read.map_err(|_| UnpackError::NotGzip)?;
    if unpacked.len() > bound {
        return Err(UnpackError::TooLarge(bound));
    }
    Ok(unpacked)
}
