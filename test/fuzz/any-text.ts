import fc from 'fast-check';

/** Bytes of UTF-8: the largest body that is taken. */
export const largestBodyBytes = 64 * 1024;

/** What patterns look for, and what they may look for in vain again and again. */
const tellingPieces = [
  'raum', 'prüfung', 'vorlesungs', 'straße', 'lerne ', 'melde ', 'kennen ', 'ich heiße ', 'my name is ', 'A. ', 'born on ',
  'Tel. ', '0', '03', '+49 ', '00', '(0)', '0 ', 'DE', 'DE12 ', '4111 ', 'a@', '@', ' at ', ' dot ', '(at)', 'a.', '%',
  ' ', '  ', '\t', '\n', '\n\n', '\r\n', '\u00a0', '\u200b', '\u202e', '\u00ad', '-', '–', '.', ',', '!', '…', '¿', '·',
  '\n- ', '- ', '> ', '1. ', '# ', '## ', '\n\nSources:\n- a', '\n\nQuellen:', '[', ']', '](', '![', '*', '**', '_', '_a',
  '`', '``', '~~', '<', '<!--', '<a ', '>', '&amp;', '\\', '|', '|-|', 'http://', 'https://a:', 'a://b:', 'www.', 'Bearer ',
  '?key=', '"', "'", '’s ', '{', '}', '\u0300', '\u0316\u0300', '\uff9e\u0300', '\ufdfa', '\ufdf2', 'ﬁ', 'ß', 'ue', '😀',
  '\ud83d\ude00\u200d', 'Ａ', '٤', '한', 'ᄀ', '漢字', 'İ', 'ſ', 'and ', 'und ', 'what about ', 'wie sieht es ', 'in ', 'is',
  'ing ', 'isation ', 'library ', 'bibliothek ', 'garching ', 'technical university of munich ', 'as a student ', 'kill myself ',
]; // biome-ignore format: a table

const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...tellingPieces) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 70 }) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-zäöüß]{1,61}$/) },
);
const pieces = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));

/** A text that begins somehow, says something over and over, and ends somehow; lone surrogates are replaced. */
export interface RepeatedText {
  start: string;
  repeated: string;
  end: string;
}

export const repeatedText: fc.Arbitrary<RepeatedText> = fc.record({
  start: fc.oneof(fc.constant(''), pieces),
  repeated: pieces,
  end: fc.oneof(fc.constant(''), fc.constant('!x'), pieces),
});

const bytesOf = (text: string) => Buffer.byteLength(text);

/** The text with as many repetitions as fit into so many bytes of UTF-8. */
export function writeText({ start, repeated, end }: RepeatedText, bytes: number): string {
  const room = Math.max(0, bytes - bytesOf(start) - bytesOf(end));
  return (start + repeated.repeat(Math.floor(room / bytesOf(repeated))) + end).toWellFormed();
}

/** Any text, mostly short. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: pieces },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(repeatedText, fc.nat(1500)).map(([text, bytes]) => writeText(text, bytes)),
  },
);
