//! JSON values of every kind, as texts, and those that break what takes the kind for granted.

/// Values of one kind.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// All kinds. `"$B"` is the user id of a fellow member.
pub(super) const CLASSES: &[Class] = &[
    Class { name: "null", values: &["null"] },
    Class { name: "booleans", values: &["true", "false"] },
    Class {
        name: "numbers",
        values: &[
            "0",
            "-1",
            "0.5",
            "-0.0",
            "4294967296",
            "9007199254740993",
            "18446744073709551615",
            "1e308",
            "-1e-308",
            "5e-324",
        ],
    },
    Class {
        name: "texts",
        values: &[
            r#""""#,
            r#"" ""#,
            r#""null""#,
            r#""undefined""#,
            r#""[object Object]""#,
            r#""*""#,
            r#""/""#,
            r#""../..""#,
            r#""%00""#,
            r#""{}""#,
        ],
    },
    Class {
        name: "odd-texts",
        values: &[
            r#""\u0000""#,
            r#""a\u0000b""#,
            r#""\u202e\u2066x""#,
            r#""\ufeff""#,
            r#""\ufffe\uffff""#,
            r#""\ud83d\ude00""#,
            r#""e\u0301\u0301\u0301""#,
            r#""\u2028\u2029""#,
            r#""\r\n\r\n""#,
            r#""\u001e""#,
        ],
    },
    Class {
        name: "names-of-objects",
        values: &[
            r#""__proto__""#,
            r#""constructor""#,
            r#""prototype""#,
            r#""toString""#,
            r#""hasOwnProperty""#,
            r#""length""#,
        ],
    },
    Class {
        name: "lists",
        values: &[
            "[]",
            "[null]",
            "[[]]",
            "[[[[[[[[[[]]]]]]]]]]",
            r#"["$B"]"#,
            r#"["$B","$B"]"#,
            r#"[{"target":"$B","offer":{},"answer":{},"candidate":{}}]"#,
        ],
    },
    Class {
        name: "objects",
        values: &[
            "{}",
            r#"{"":null}"#,
            r#"{"length":-1}"#,
            r#"{"0":"$B"}"#,
            r#"{"id":"$B"}"#,
            r#"{"target":{"target":{"target":{}}}}"#,
            r#"{"type":"Buffer","data":[1,2]}"#,
            r#"{"_placeholder":true,"num":0}"#,
        ],
    },
    Class {
        name: "prototypes",
        values: &[
            r#"{"__proto__":{"target":"$B","offer":{},"answer":{},"candidate":{}}}"#,
            r#"{"constructor":{"prototype":{"target":"$B"}}}"#,
            r#"{"toString":"$B"}"#,
            r#"{"valueOf":null,"toString":null}"#,
            r#"{"hasOwnProperty":1}"#,
            r#"{"toJSON":"$B"}"#,
            r#"{"then":true}"#,
        ],
    },
];

/// Texts of lengths around the limit of a room id, and far beyond it.
pub(super) fn long_texts() -> Vec<String> {
    [64, 65, 128, 1_000, 8_000].into_iter().map(|length| super::quoted(&"x".repeat(length))).collect()
}

/// A value that nests so deep, which is as deep as every reader of JSON goes.
pub(super) fn deep() -> String {
    const DEPTH: usize = 80;
    format!("{}{}", r#"{"a":["#.repeat(DEPTH / 2), "]}".repeat(DEPTH / 2))
}
