//! The width of a text in Inter, Grafana's font.

/// Advance widths of the printable ASCII characters of Inter 4.0, in thousandths of the font size:
/// regular for texts and legends, medium for titles.
const REGULAR: [u16; 95] = [
    281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 625, 464, 605,
    636, 642, 608, 624, 571, 616, 624, 276, 280, 659, 659, 659, 507, 936, 676, 651, 727, 719, 598,
    587, 743, 740, 264, 543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741, 676, 949, 642,
    665, 625, 362, 357, 362, 469, 452, 497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544,
    237, 869, 585, 597, 609, 609, 372, 523, 364, 581, 557, 812, 540, 557, 541, 362, 327, 362, 659,
];
const MEDIUM: [u16; 95] = [
    265, 294, 400, 637, 643, 828, 651, 217, 378, 378, 522, 666, 288, 463, 283, 368, 646, 473, 613,
    644, 654, 620, 636, 579, 631, 636, 283, 288, 666, 666, 666, 526, 968, 700, 654, 735, 722, 603,
    586, 749, 742, 270, 552, 664, 564, 898, 747, 768, 639, 768, 645, 643, 651, 738, 700, 978, 666,
    685, 639, 378, 368, 378, 475, 460, 497, 569, 626, 568, 626, 587, 369, 617, 602, 249, 249, 556,
    249, 884, 597, 602, 617, 617, 384, 536, 372, 594, 566, 825, 551, 566, 551, 378, 342, 378, 666,
];

/// Any other character counts as wide as the widest in use, an arrow.
const OTHER: u16 = 955;

/// Letter spacing in Grafana, in pixels.
const SPACING: f64 = 0.15;

/// Width in pixels of a text or a legend.
pub(crate) fn width(text: &str, pixels: f64) -> f64 {
    sum(&REGULAR, text, pixels)
}

/// Width in pixels of a panel's title.
pub(crate) fn title_width(title: &str) -> f64 {
    sum(&MEDIUM, title, 14.0)
}

fn sum(widths: &[u16; 95], text: &str, pixels: f64) -> f64 {
    let advance = |c: char| {
        let ascii = (c as usize).checked_sub(32);
        ascii
            .and_then(|index| widths.get(index))
            .copied()
            .unwrap_or(OTHER)
    };
    let glyphs = text
        .chars()
        .map(|c| pixels * f64::from(advance(c)) / 1000.0 + SPACING);
    glyphs.sum()
}
