//! Codes of enums: the text that the database and addresses store for each variant.

/// Defines an enum with `ALL`, `code` and `from_code`, and `label` if its rows have one.
///
/// A row is `Variant = "code"` or `Variant = "code", "label"`.
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $type:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis enum $type { $($(#[$doc])* $variant),+ }

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
    ($(#[$meta:meta])* $vis:vis enum $type:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal, $label:literal);+ $(;)?
    }) => {
        $crate::store::codes! {
            $(#[$meta])*
            $vis enum $type { $($(#[$doc])* $variant = $code),+ }
        }

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
    codes! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        enum Colour {
            Red = "red", "红";
            Green = "green", "绿";
        }
    }

    #[test]
    fn code_of_every_variant_reads_back() {
        for colour in Colour::ALL {
            assert_eq!(Colour::from_code(colour.code()), Some(colour));
        }
        assert_eq!(Colour::Green.label(), "绿");
        assert_eq!(Colour::from_code("绿"), None);
    }
}
