//! Policy files that ship with the program. The demo profile's numbers are made up and say so; the Shandong profile names
//! what a county must fill in and refuses to run until it has: no money limit of a real place is invented here.

/// Path below the workspace, and text.
type ShippedFile = (&'static str, &'static str);

const RULES: [ShippedFile; 2] = [
    ("policy/rules/property.toml", include_str!("shipped/rules/property.toml")),
    ("policy/rules/persons.toml", include_str!("shipped/rules/persons.toml")),
];

/// The files of a profile (`demo`, `shandong`) as `hedui init` writes them; `None` if there is no such profile.
pub fn shipped(profile: &str) -> Option<Vec<ShippedFile>> {
    let parameters = match profile {
        "demo" => include_str!("shipped/demo/parameters.toml"),
        "shandong" => include_str!("shipped/shandong/parameters.toml"),
        _ => return None,
    };
    Some([("policy/parameters.toml", parameters)].into_iter().chain(RULES).collect())
}
