// SPDX-License-Identifier: Apache-2.0
// The texts that the tokenizer is compared on: always the same ones, of many kinds.

// mulberry32: small, and the same numbers on every machine.
export function random_source(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (n) => Math.floor((next() / 2 ** 32) * n);
  const pick = (list) => list[below(list.length)];
  const times = (low, high, make) =>
    Array.from({ length: low + below(high - low + 1) }, make).join("");
  return { below, pick, times };
}

const kSentences = [
  "The quick brown fox jumps over the lazy dog, doesn't it?", "I'd say: \"it's John's\" (really).",
  "Voix ambiguë d'un cœur qui, au zéphyr, préfère les jattes de kiwis.", "¿Qué tal? ¡Mañana será otro día!",
  "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.", "Pchnąć w tę łódź jeża lub ośm skrzyń fig.",
  "Příliš žluťoučký kůň úpěl ďábelské ódy.", "Árvíztűrő tükörfúrógép, ütvefúró.", "İstanbul'da ılık bir gün: şğüöç.",
  "Съешь же ещё этих мягких французских булок, да выпей чаю.", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.", "Եւ ահա հայերեն տեքստ։",
  "צ'ט ערך: שָׁלוֹם עוֹלָם, מה נשמע?", "نص عربي مع تَشْكِيل، وأرقام ١٢٣٤٥؛ أليس كذلك؟", "این یک متن فارسی است: ۱۲۳۴ می‌خواهم.", "اردو میں لکھا ہوا جملہ۔",
  "यह हिन्दी में एक वाक्य है, १२३४५।", "বাংলা ভাষায় একটি বাক্য। ৪৫৬", "தமிழ் எழுத்துக்கள் மற்றும் எண்கள் ௧௨௩.", "తెలుగు వాక్యం ఇక్కడ ఉంది.", "ಕನ್ನಡದಲ್ಲಿ ಒಂದು ವಾಕ್ಯ.", "മലയാളത്തിൽ ഒരു വാക്യം.", "ගිය දිනෙක සිංහල වැකියක්.",
  "ภาษาไทยไม่มีช่องว่างระหว่างคำ ๑๒๓๔", "ພາສາລາວ ກໍ່ຄືກັນ", "မြန်မာဘာသာ စာကြောင်း။", "ភាសាខ្មែរ ១២៣", "བོད་སྐད་ཀྱི་ཚིག་གྲུབ།", "ქართული წინადადება.", "አማርኛ ዓረፍተ ነገር። ፩፪፫", "ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "ᐃᓄᒃᑎᑐᑦ",
  "中文句子，带有标点符号。真的吗？是的！", "繁體中文：測試「引號」與『書名』、頓號。", "漢字とひらがなとカタカナが混ざった文です。ー々〆〤", "ｱﾝﾊﾞｰﾀﾞｰのﾃｽﾄ、ＡＢＣ１２３", "한국어 문장입니다. 띄어쓰기도 있어요! ㅋㅋㅋ",
  "Tiếng Việt có nhiều dấu: ẳ ẵ ặ ộ ữ.", "Ελλάδα 2024—α′β″", "mixed 中文English日本語한국어русский123", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝓯𝓪𝓷𝓬𝔂 𝟏𝟐𝟑𝟒", "ﬁ ﬂ ﬀ Ⅷ Ⅻ ½ ¾ ①②③ x² H₂O", "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ∫₀^∞ e^{−x²} dx = √π/2", "→ ⇒ ↔ ■□▪ ░▒▓ ─│┌┐", "€100.50 £3,000 ¥9万 ₹1,23,456 ₿0.5", "𒀀𒀁 𐎀𐎁 𓀀𓀁 🜁🜂", "㍿ ㈱ ㊙ ㍻ ㋿ 〒 〇",
];
const kCode = [
  "int main(int argc, char** argv) {\n\treturn argc > 1 ? 0x1F : -1; // ok\n}\n", "def f(x: int=3) -> list[str]:\n    return [f'{i:>5}' for i in range(x)]\n",
  "const a = {...b, [`k${i}`]: c?.d ?? null};\r\n", "{\"key\": [1, 2.5e-10, true, null], \"é\\u00e9\": \"\\n\"}", "<div class=\"a-b\">&nbsp;<br/></div>\n<!-- c -->", "SELECT * FROM t WHERE a<>'b' AND c>=10;\n",
  "\\begin{align}\n  E &= mc^2 \\\\\n\\end{align}", "for f in *.txt; do echo \"$f\" | sed -e 's/a\\+/b/g'; done\n", "/^[\\w.+-]+@[\\w-]+\\.[\\w.-]+$/gm", "#include <vector>\n#define X(a,b) ((a)##b)\n", "fn main() -> Result<(), Box<dyn Error>> {\n        let v: Vec<_> = (0..10).map(|x| x*x).collect();\n}",
  "if (a&&b||!c) { x+=1; y--; z<<=2; }\n\n\n", "https://example.org/path?q=1&r=%20a#frag", "C:\\Program Files\\x\\y.dll", "user.name+tag@mail.example.com", "v1.2.3-rc.4+build.56", "0xDEADBEEF 0b1010 1_000_000 1e+9 .5 5.", "\t\tindent\n\t  mixed\n  \t back", "<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>",
  "| a | b |\n|---|:-:|\n| 1 | 2 |\n", "# Title\n\n* item **bold** _it_ `code`\n\n```py\nx\n```\n", "2024-02-29T23:59:59.999Z", "....,,,;;;!!!???---___===+++", "a.b.c.d::e->f().g[h]{i}", "'a''b'\"c\"\"d\"", "@@ -1,7 +1,8 @@\n-old\n+new\n",
];
const kEmoji = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "🇯🇵🇰🇷", "❤️", "❤", "1️⃣", "#️⃣", "🧑🏿‍🚀", "☕", "✈︎", "🤷🏻‍♀️", "🫶", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "©️", "™", "🀄", "🃏"];
const kSpaces = [" ", " ", " ", "  ", "\t", "\n", "\r", "\r\n", "\n\n", "\u00a0", "\u3000", "\u2003", "\u2028", "\u2029", "\u202f", "\u205f", "\u1680", "\v", "\f", "\u200b", "\u2060"];
const kMarks = ["\u0301", "\u0308", "\u0327", "\u20dd", "\ufe0f", "\u200d", "\u05b8", "\u0651", "\u093f", "\u0e33", "\u3099", "\u309a", "\u0f71", "\u1ab0"];
const kDigits = ["0", "1", "2", "9", "00", "42", "123", "٣", "۴", "५", "௧", "１", "²", "½", "Ⅷ", "①", "𝟗", "𐄇", "〇", "㊀"];
const kPunctuation = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "…", "—", "“", "”", "«", "·", "、", "。", "「", "・", "ー", "¿", "€", "±", "¬", "§", "‰", "※", "″"];
const kLetters = ["a", "Z", "é", "ß", "я", "Ω", "א", "ع", "ह", "ก", "한", "中", "龥", "龦", "の", "ン", "゠", "ヿ", "ｱ", "𠀀", "𝒜", "ª", "ʰ", "ǅ", "㐀", "々", "ꙮ", "İ"];
const kOthers = ["\u0000", "\u0001", "\u007f", "\u009f", "\u00ad", "\u200e", "\u202e", "\ue000", "\uffff", "\u{10ffff}", "\u{e0001}", "\ufdd0"];

// `points`: code points to draw random characters from.
export function make_lines(points) {
  const r = random_source(20240229);
  const all = [...kSentences, ...kCode];
  const lines = [...all, ...kEmoji, ...kDigits, ...kSpaces.map((s) => `a${s}b`)];
  const slice = (text) => {
    const characters = [...text];
    const begin = r.below(characters.length);
    return characters.slice(begin, begin + 1 + r.below(characters.length - begin)).join("");
  };
  const space = () => r.times(0, 3, () => r.pick(kSpaces));
  const point = () => String.fromCodePoint(r.pick(points));
  const any = [kSpaces, kMarks, kDigits, kPunctuation, kLetters, kOthers, kEmoji];
  const kinds = [
    () => r.times(1, 4, () => slice(r.pick(kSentences)) + space()),
    () => r.times(1, 4, () => slice(r.pick(kCode)) + space()),
    () => r.times(2, 5, () => slice(r.pick(all)) + r.pick(kSpaces) + r.pick(kEmoji)),
    () => r.times(2, 10, () => r.pick(kEmoji) + r.pick(["", "", " ", "a"])),
    () => r.times(2, 12, () => r.pick(kLetters) + r.times(0, 3, () => r.pick(kMarks))),
    () => r.times(3, 30, () => r.pick(kSpaces)) + r.pick(["", "x", "!", "1", "中", "\u0301"]),
    () => r.times(1, 6, () => space() + r.times(1, 8, () => r.pick(kDigits)) + r.pick(["", ",", ".", "a", " "])),
    () => r.times(2, 20, () => r.pick(kPunctuation) + r.pick(["", "", "a", "bc", "é", "\n", "\r\n", " "])),
    () => r.times(2, 30, () => r.pick(r.pick(any))),
    () => r.times(1, 25, point),
    () => r.times(1, 12, () => point() + r.pick(r.pick(any))),
    // Random bytes, as UTF-8 (ill-formed parts arrive as U+FFFD) and as Latin-1.
    () => new TextDecoder().decode(Uint8Array.from({ length: 1 + r.below(60) }, () => r.below(256))),
    () => r.times(1, 60, () => String.fromCodePoint(r.below(256))),
    () => r.pick([...kLetters, ...kPunctuation, " ", "\n", "7", "ab", "的"]).repeat(1 + r.below(300)),
  ];
  for (let round = 0; round < 300; round++) for (const make of kinds) lines.push(make());
  return lines.filter((line) => line.length > 0);
}
