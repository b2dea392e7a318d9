//! The difference between colours: contrast as WCAG 2 defines it, distance in Oklab (B. Ottosson,
//! 2020).

/// A colour as red, green and blue from 0 to 1, linear.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colour([f64; 3]);

impl Colour {
    /// From `#RRGGBB`, `rgb(r, g, b)` or `rgba(r, g, b, 1)`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let channels: Vec<f64> = match text.strip_prefix('#') {
            Some(hex) => [0, 2, 4]
                .iter()
                .filter_map(|at| u8::from_str_radix(hex.get(*at..at + 2)?, 16).ok())
                .map(f64::from)
                .collect(),
            None => text
                .split(['(', ',', ')'])
                .filter_map(|part| part.trim().parse().ok())
                .take(3)
                .collect(),
        };
        let channels: [f64; 3] = channels.try_into().ok()?;
        Some(Self(channels.map(|channel| linear(channel / 255.0))))
    }

    /// 1 for the same colour, 21 for black on white.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// 0 for the same colour, 1 from black to white.
    pub(crate) fn distance(self, other: Self) -> f64 {
        let (one, two) = (self.oklab(), other.oklab());
        let squares = one.iter().zip(two).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    fn luminance(self) -> f64 {
        let [r, g, b] = self.0;
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn oklab(self) -> [f64; 3] {
        let [r, g, b] = self.0;
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
        ]
    }
}

fn linear(channel: f64) -> f64 {
    match channel <= 0.040_45 {
        true => channel / 12.92,
        false => ((channel + 0.055) / 1.055).powf(2.4),
    }
}
