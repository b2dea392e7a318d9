//! Texts that every line has, written without `std::fmt`.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// RFC 3339 up to the second.
const SECOND: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the time in UTC with nanoseconds, with a fixed width, so that lines sort as text. The
/// date is computed once a second, not for each line.
pub(super) fn push_now(line: &mut Vec<u8>) {
    thread_local! {
        /// The last second written, since 1970, and its text.
        static SECOND_WRITTEN: RefCell<(u64, Vec<u8>)> = const { RefCell::new((u64::MAX, Vec::new())) };
    }
    // A clock before 1970 is taken for 1970.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    SECOND_WRITTEN.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() {
            *second = now.as_secs();
            text.clear();
            // Fails only for years with more than four digits.
            let _ = OffsetDateTime::from(UNIX_EPOCH + now).format_into(text, SECOND);
        }
        line.extend_from_slice(text);
    });
    let mut fraction = *b".000000000Z";
    let mut rest = now.subsec_nanos();
    for digit in fraction[1..10].iter_mut().rev() {
        *digit = HEX[(rest % 10) as usize];
        rest /= 10;
    }
    line.extend_from_slice(&fraction);
}

/// Appends two hexadecimal digits for each byte.
pub(super) fn push_hex(line: &mut Vec<u8>, bytes: &[u8]) {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
    line.extend(bytes.iter().flat_map(digits));
}

/// Appends `text` with the escapes of a JSON string, as `serde_json` writes them.
pub(super) fn push_escaped(line: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        line.extend_from_slice(&bytes[plain..index]);
        push_escape(line, byte);
        plain = index + 1;
    }
    line.extend_from_slice(&bytes[plain..]);
}

fn push_escape(line: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            line.extend_from_slice(b"\\u00");
            return push_hex(line, &[byte]);
        }
    };
    line.extend_from_slice(&[b'\\', letter]);
}
