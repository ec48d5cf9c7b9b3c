/** Characters that turn or hide what stands around them, so that an address reads as another. */
const hidden = /[\p{Bidi_Control}\p{Cf}\p{Cc}\s\\]/u;
const letter = /\p{L}/u;
const latin = /\p{Script=Latin}/u;

/** Letters of one alphabet beside those of another: `tum` with a Cyrillic `u`. Hosts of one alphabet show as `xn--`. */
const mixesScripts = (label: string): boolean => {
  const letters = [...label].filter((character) => letter.test(character));
  return (
    letters.some((character) => latin.test(character)) && letters.some((character) => !latin.test(character))
  );
};

/**
 * The address, if it is a whole one of the web that leads where it seems to: without user name (`https://tum.de@evil.example`),
 * without characters that hide or turn others, its host in one alphabet. Undefined otherwise.
 */
export function parseWebAddress(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s/]/i.test(text) || hidden.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const [authority = ''] = text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1);
  const isMixed = decode(authority).normalize('NFKC').split('.').some(mixesScripts);
  return url.username !== '' || url.password !== '' || authority.includes('@') || isMixed ? undefined : url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** True for text that would be read in another order than it is written. */
export const turnsText = (text: string): boolean => /\p{Bidi_Control}/u.test(text);
