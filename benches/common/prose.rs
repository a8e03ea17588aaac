//! What is said where it matters how well that deflates.

/// What people write, so many bytes of it: words, some of them often.
pub fn prose(bytes: usize) -> String {
    const WORDS: &str = "the of and to a in that it is was for on you with as be at this have from or by not but some \
        what there we can out other were all your when up use word how said each she which their time will way about many \
        then them would write like so these her long make thing see him two has look more day could go come did number sound \
        no most people my over know water than call first who may down side been now find any new work part take get place";
    let words: Vec<_> = WORDS.split_whitespace().collect();
    let mut chance = fastrand::Rng::with_seed(1);
    let mut text = String::new();
    while text.len() < bytes {
        // The first of them are the most frequent.
        let most = chance.usize(1..=words.len());
        text.push_str(words[chance.usize(0..most)]);
        text.push(' ');
    }
    text.truncate(bytes);
    text
}
