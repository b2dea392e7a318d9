//! What each stage has, and on which ports of this machine.

/// The course has six.
const STAGES: [Stage; 6] = [
    Stage {
        dice_roller: 8100,
        ..SMALLEST
    },
    Stage {
        dice_roller: 8101,
        frontend: Some(8102),
        ..SMALLEST
    },
    with_three_services(8103),
    with_three_services(8106),
    Stage {
        database: true,
        ..with_three_services(8109)
    },
    Stage {
        database: true,
        usage_sink: Some(8115),
        ..with_three_services(8112)
    },
];

const SMALLEST: Stage = Stage {
    dice_roller: 0,
    frontend: None,
    die_service: None,
    database: false,
    usage_sink: None,
};

/// A topology. A port is that of a service that the stage has.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) dice_roller: u16,
    pub(crate) frontend: Option<u16>,
    pub(crate) die_service: Option<u16>,
    /// Whether die-service's dice are in PostgreSQL.
    pub(crate) database: bool,
    pub(crate) usage_sink: Option<u16>,
}

impl Stage {
    /// The stage of that number, 1 to 6.
    pub(crate) fn numbered(number: u8) -> &'static Self {
        &STAGES[usize::from(number - 1)]
    }
}

/// Three ports in a row, from die-service's on.
const fn with_three_services(die_service: u16) -> Stage {
    Stage {
        die_service: Some(die_service),
        dice_roller: die_service + 1,
        frontend: Some(die_service + 2),
        ..SMALLEST
    }
}
