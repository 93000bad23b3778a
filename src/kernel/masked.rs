//! How personal values look where they may be seen: id = first 6 + last 4, name = 张*三.

/// `370102********1234`; a text too short to leave something out becomes all stars.
pub fn mask_id(id: &str) -> String {
    if id.is_ascii() && id.len() >= 12 {
        let hidden = id.len() - 10;
        let mut masked = String::with_capacity(id.len());
        masked.push_str(&id[..6]);
        masked.extend(std::iter::repeat_n('*', hidden));
        masked.push_str(&id[id.len() - 4..]);
        return masked;
    }
    let characters: Vec<char> = id.chars().collect();
    if characters.len() < 12 {
        return "*".repeat(characters.len());
    }
    let hidden = characters.len() - 10;
    characters[..6]
        .iter()
        .copied()
        .chain(std::iter::repeat_n('*', hidden))
        .chain(characters[characters.len() - 4..].iter().copied())
        .collect()
}

/// `张*三`, `张*`, `买***江`: the first character, stars, and the last of three or more.
pub fn mask_name(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    match characters.len() {
        0 => String::new(),
        1 => "*".to_owned(),
        2 => format!("{}*", characters[0]),
        count => format!("{}{}{}", characters[0], "*".repeat(count - 2), characters[count - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(mask_id("11010519491231002X"), "110105********002X");
        assert_eq!(mask_id("１１010519491231002X"), "１１0105********002X");
        assert_eq!(mask_id("123"), "***");
        assert_eq!(mask_name("张三"), "张*");
        assert_eq!(mask_name("诸葛孔明"), "诸**明");
    }
}
