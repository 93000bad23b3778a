//! How personal values look where they may be seen: id = first 6 + last 4, name = 张*三.
//!
//! The `push_` forms write behind what stands in a text already: lists of millions of lines need no text for each value.

/// `370102********1234`; a text too short to leave something out becomes all stars.
pub fn mask_id(id: &str) -> String {
    let mut masked = String::with_capacity(id.len());
    push_masked_id(&mut masked, id);
    masked
}

/// `张*三`, `张*`, `买***江`: the first character, stars, and the last of three or more.
pub fn mask_name(name: &str) -> String {
    let mut masked = String::with_capacity(name.len());
    push_masked_name(&mut masked, name);
    masked
}

/// [`mask_id`] at the end of `out`.
pub fn push_masked_id(out: &mut String, id: &str) {
    // Nearly all are: their characters need not be looked for.
    let is_ascii = id.is_ascii();
    let count = if is_ascii { id.len() } else { id.chars().count() };
    if count < 12 {
        push_stars(out, count);
        return;
    }
    let place = |character: usize| match is_ascii {
        true => character,
        false => id.char_indices().nth(character).map_or(id.len(), |(place, _)| place),
    };
    out.push_str(&id[..place(6)]);
    push_stars(out, count - 10);
    out.push_str(&id[place(count - 4)..]);
}

/// [`mask_name`] at the end of `out`.
pub fn push_masked_name(out: &mut String, name: &str) {
    let mut characters = name.chars();
    match (characters.next(), characters.next_back()) {
        (None, _) => {}
        (Some(_), None) => push_stars(out, 1),
        (Some(first), Some(last)) => {
            let between = characters.count();
            out.push(first);
            push_stars(out, between.max(1));
            if between > 0 {
                out.push(last);
            }
        }
    }
}

fn push_stars(out: &mut String, count: usize) {
    const STARS: &str = "********";
    let mut left = count;
    while left > STARS.len() {
        out.push_str(STARS);
        left -= STARS.len();
    }
    out.push_str(&STARS[..left]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(mask_id("11010519491231002X"), "110105********002X");
        assert_eq!(mask_id("１１010519491231002X"), "１１0105********002X");
        assert_eq!(mask_id("123"), "***");
        assert_eq!(mask_id("１１010519491231"), "１１0105****1231");
        assert_eq!((mask_name("张三").as_str(), mask_name("张").as_str(), mask_name("")), ("张*", "*", String::new()));
        assert_eq!(mask_name("张小三"), "张*三");
        assert_eq!(mask_name("诸葛孔明"), "诸**明");
    }
}
