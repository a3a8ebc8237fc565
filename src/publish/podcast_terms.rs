//! The words that podcasts may use for what they say of themselves: programs know no others. Pure.

/// Apple's categories, each with its subcategories.
const CATEGORIES: [(&str, &[&str]); 19] = [
    ("Arts", &["Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"]),
    ("Business", &["Careers", "Entrepreneurship", "Investing", "Management", "Marketing", "Non-Profit"]),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    ("Education", &["Courses", "How To", "Language Learning", "Self-Improvement"]),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    ("History", &[]),
    (
        "Health & Fitness",
        &["Alternative Health", "Fitness", "Medicine", "Mental Health", "Nutrition", "Sexuality"],
    ),
    ("Kids & Family", &["Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"]),
    (
        "Leisure",
        &[
            "Animation & Manga", "Automotive", "Aviation", "Crafts", "Games", "Hobbies", "Home & Garden",
            "Video Games",
        ],
    ),
    ("Music", &["Music Commentary", "Music History", "Music Interviews"]),
    (
        "News",
        &[
            "Business News", "Daily News", "Entertainment News", "News Commentary", "Politics",
            "Sports News", "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &["Buddhism", "Christianity", "Hinduism", "Islam", "Judaism", "Religion", "Spirituality"],
    ),
    (
        "Science",
        &[
            "Astronomy", "Chemistry", "Earth Sciences", "Life Sciences", "Mathematics", "Natural Sciences",
            "Nature", "Physics", "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &["Documentary", "Personal Journals", "Philosophy", "Places & Travel", "Relationships"],
    ),
    (
        "Sports",
        &[
            "Baseball", "Basketball", "Cricket", "Fantasy Sports", "Football", "Golf", "Hockey", "Rugby",
            "Running", "Soccer", "Swimming", "Tennis", "Volleyball", "Wilderness", "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    ("TV & Film", &["After Shows", "Film History", "Film Interviews", "Film Reviews", "TV Reviews"]),
];

/// The roles of `podcast:person` (taxonomy.json of the Podcasting 2.0 namespace). Some readers refuse a whole feed that has
/// another one.
pub(super) const ROLES: [&str; 62] = [
    "Announcer", "Assistant Camera", "Assistant Director", "Assistant Editor", "Associate Producer",
    "Audio Editor", "Audio Engineer", "Author", "Booking Coordinator", "Camera Grip", "Camera Operator",
    "Co-Host", "Co-Writer", "Composer", "Consultant", "Content Manager", "Cover Art Designer",
    "Creative Director", "Development Producer", "Director", "Editor", "Editorial Director",
    "Executive Producer", "Fact Checker", "Foley Artist", "Graphic Designer", "Guest", "Guest Host",
    "Guest Writer", "Host", "Intern", "Lighting Designer", "Logger", "Managing Editor", "Marketing Manager",
    "Music Contributor", "Music Production", "Narrator", "Post Production Engineer", "Producer",
    "Production Assistant", "Production Coordinator", "Remote Recording Engineer", "Reporter", "Researcher",
    "Sales Manager", "Sales Representative", "Script Coordinator", "Script Editor", "Senior Producer",
    "Social Media Manager", "Songwriter", "Sound Designer", "Story Editor", "Studio Coordinator",
    "Technical Director", "Technical Manager", "Theme Music", "Transcriber", "Translator", "Voice Actor",
    "Writer",
];

/// The groups of these roles, without `Misc.`, of which readers know different spellings.
pub(super) const GROUPS: [&str; 10] = [
    "Administration", "Audio Post-Production", "Audio Production", "Cast", "Community", "Creative Direction",
    "Video Post-Production", "Video Production", "Visuals", "Writing",
];

/// The categories that are in Apple's list, as they are written there. A subcategory that is not leaves its category.
pub(super) fn categories_for_readers(
    categories: &[(String, Option<String>)],
) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    categories.iter().filter_map(|(category, within)| {
        let (category, subcategories) =
            CATEGORIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(category))?;
        let is_same =
            |known: &&&str| within.as_ref().is_some_and(|within| known.eq_ignore_ascii_case(within));
        Some((*category, subcategories.iter().find(is_same).copied()))
    })
}
