const HUES = 6;

/** Initials on a colour that stays with the person. Decoration: the name always stands beside it. */
export function Avatar({ name, seed, small = false }: { name: string; seed: string; small?: boolean }) {
  return (
    <span class={`avatar avatar-hue-${hueOf(seed)}${small ? " avatar-small" : ""}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => (word ? [...word][0] : ""));
  return letters.join("").toUpperCase() || "#";
}

function hueOf(seed: string): number {
  let sum = 0;
  for (const letter of seed) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % HUES;
}
