//! What labels are printed on.

use crate::store::codes;

codes! {
    /// What the labels are printed on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Sheet {
        /// Ten labels of 105 × 57 mm.
        A4 = "a4", "面单 A4";
        /// One label of 100 × 150 mm a page.
        Roll = "roll", "面单 100×150";
    }
}

/// The grid of a page. Lengths are in millimetres.
pub(super) struct Grid {
    pub page: (f32, f32),
    pub label: (f32, f32),
    pub columns: usize,
    pub rows: usize,
    /// Above and below the labels.
    pub margin: f32,
    /// Inside of a label.
    pub padding: f32,
    /// Font size in points.
    pub size: f32,
}

impl Sheet {
    pub(super) fn grid(self) -> Grid {
        match self {
            Sheet::A4 => Grid {
                page: (210.0, 297.0),
                label: (105.0, 57.0),
                columns: 2,
                rows: 5,
                margin: 6.0,
                padding: 5.0,
                size: 11.0,
            },
            Sheet::Roll => Grid {
                page: (100.0, 150.0),
                label: (100.0, 150.0),
                columns: 1,
                rows: 1,
                margin: 0.0,
                padding: 6.0,
                size: 15.0,
            },
        }
    }
}
