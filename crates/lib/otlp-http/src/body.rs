//! Decompresses a body within a bound: a byte of gzip can expand to a thousand.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Why a gzip body cannot be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// The body is not gzip, is damaged, or is truncated.
    #[error("the body is not valid gzip, although its Content-Encoding is gzip")]
    NotGzip,
    /// The decompressed body is larger than this many bytes.
    #[error("the decompressed body is larger than the {0} bytes allowed")]
    TooLarge(usize),
}

/// Decompresses a gzip `body` of one or more members to at most `bound` bytes.
///
/// # Errors
/// [`UnpackError`] for invalid gzip, and for a body that exceeds `bound`.
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
