//! Codes of enums: the text that the database and addresses store for each variant.

/// Gives an enum `ALL`, `code` and `from_code`, and `label` if the rows have one.
///
/// A row is `Variant = "code"` or `Variant = "code", "label"`. A variant without a row does not
/// compile, because the generated `match` is exhaustive.
macro_rules! codes {
    ($type:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $type {
            /// Every variant, in the order of the rows.
            pub const ALL: [$type; [$($code),+].len()] = [$($type::$variant),+];

            /// The text stored for a variant.
            pub const fn code(self) -> &'static str {
                match self {
                    $($type::$variant => $code),+
                }
            }

            /// The variant of a [`code`](Self::code).
            pub fn from_code(code: &str) -> Option<$type> {
                $type::ALL.into_iter().find(|variant| variant.code() == code)
            }
        }
    };
    ($type:ident { $($variant:ident = $code:literal, $label:literal);+ $(;)? }) => {
        $crate::store::codes!($type { $($variant = $code),+ });

        impl $type {
            /// The text people read.
            pub const fn label(self) -> &'static str {
                match self {
                    $($type::$variant => $label),+
                }
            }
        }
    };
}

pub(crate) use codes;

#[cfg(test)]
mod tests {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Colour {
        Red,
        Green,
    }

    codes!(Colour {
        Red = "red", "红";
        Green = "green", "绿";
    });

    #[test]
    fn code_of_every_variant_reads_back() {
        for colour in Colour::ALL {
            assert_eq!(Colour::from_code(colour.code()), Some(colour));
        }
        assert_eq!(Colour::Green.label(), "绿");
        assert_eq!(Colour::from_code("绿"), None);
    }
}
