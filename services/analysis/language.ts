/** Names that speech servers use and Unicode does not, or that have no two-letter code. */
const alsoKnown = [
  ["bengali", "bn"],
  ["cantonese", "yue"],
  ["castilian", "es"],
  ["flemish", "nl"],
  ["hawaiian", "haw"],
  ["mandarin", "zh"],
  ["myanmar", "my"],
  ["nynorsk", "nn"],
  ["tagalog", "tl"],
] as const;

/**
 * A language as its ISO 639 code: whisper says "english", gpt-transcribe "en", others "en-US". A name that is not known
 * stays as it is; what is no name at all is absent.
 */
export function languageCode(language: string | null | undefined): string | undefined {
  const name = plain(language ?? "");
  const known = codes.get(name);
  if (known) return known;
  const code = /^([a-z]{2,3})(?:[-_][a-z0-9]+)*$/.exec(name)?.[1];
  return code ?? (/^\p{L}[\p{L} ()-]{2,29}$/u.test(name) ? name : undefined);
}

const plain = (name: string) => name.trim().toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

const codes = new Map<string, string>([...namesInEnglish(), ...alsoKnown]);

function* namesInEnglish(): Generator<[string, string]> {
  const names = new Intl.DisplayNames("en", { type: "language", fallback: "none" });
  const letters = [..."abcdefghijklmnopqrstuvwxyz"];
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    // Retired codes (iw, ji, mo) have the same name as the code that replaced them.
    const name = Intl.getCanonicalLocales(code)[0] === code ? names.of(code) : undefined;
    if (name) yield [plain(name), code];
  }
}
