interface Rule {
  pattern: RegExp;
  label: string;
  /** Asked for what the pattern alone takes too easily. */
  applies?: (match: string) => boolean;
}

const countDigits = (text: string) => text.replaceAll(/\D/g, '').length;

/** In this order: what is taken first cannot be taken for something else. */
const rules: readonly Rule[] = [
  { pattern: /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/gu, label: '[email]' },
  // ISO 13616: country, two check digits, 11 to 30 letters and digits, often in groups of four.
  {
    pattern: /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?\b/gi,
    label: '[iban]',
    applies: (match) => countDigits(match) >= 10 && match.replaceAll(/[ -]/g, '').length >= 15,
  },
  // Matriculation numbers of TUM: eight digits that begin with 03.
  { pattern: /(?<!\d)03\d{6}(?!\d)/g, label: '[matriculation number]' },
  // Ids of TUMonline such as ga12abc.
  { pattern: /(?<![\p{L}\p{N}])[a-z]{2}\d{2}[a-z]{3}(?![\p{L}\p{N}])/giu, label: '[tum id]' },
  // ITU-T E.164: at most 15 digits. With the country's code, in any common writing.
  {
    pattern: /(?<![\p{L}\p{N}+])(?:\+|00)\s?[1-9](?:[\s()/.-]{0,3}\d){6,14}(?!\d)/gu,
    label: '[phone]',
  },
  // Without it, beginning with 0. Dots are left out: rooms (00.08.038) and dates are written with them.
  {
    pattern: /(?<![\p{L}\p{N}.,/-])\(?0[1-9]\d{0,4}\)?(?:[ /()-]{0,3}\d){5,10}(?![\p{L}\p{N}])/gu,
    label: '[phone]',
    applies: (match) => !/^\d{1,2}\s?[/-]\s?\d{1,2}\s?[/-]\s?\d{2,4}$/.test(match),
  },
];

/** Replaces e-mail addresses, IBANs, matriculation numbers, TUM ids and phone numbers by what they were. */
export const maskPersonalData = (text: string): string =>
  rules.reduce(
    (masked, { pattern, label, applies = () => true }) =>
      masked.replaceAll(pattern, (match) => (applies(match) ? label : match)),
    text,
  );
