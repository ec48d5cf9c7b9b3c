/** Length of a country's IBANs: https://www.swift.com/standards/data-standards/iban-international-bank-account-number */
const ibanLengths: ReadonlyMap<string, number> = new Map(
  [
    'NO15 BE16 DK18 FK18 FI18 FO18 GL18 NL18 SD18 SI19 MK19',
    'AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20 CH21 HR21 LI21 LV21',
    'BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23',
    'AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26',
    'BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 NI28 PL28 SV28',
    'BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 YE30 MT31 SC31 LC32 RU33',
  ]
    .join(' ')
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 13616: the number, its first four characters put last and letters read as 10 to 35, leaves 1 when divided by 97. */
function hasIbanChecksum(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/**
 * Characters of the IBAN with which a text of letters, digits and separators begins; 0 without one. One of digits alone
 * is one even if it was mistyped.
 */
export function measureIban(text: string): number {
  const places = [...text.matchAll(/[A-Z\d]/gi)];
  const characters = places.map(([character]) => character.toUpperCase());
  const length = ibanLengths.get(characters.slice(0, 2).join(''));
  const last = length === undefined ? undefined : places[length - 1];
  if (last === undefined) return 0;
  const end = last.index + 1;
  const iban = characters.slice(0, length).join('');
  const isWhole = !/[A-Z\d]/i.test(text[end] ?? '');
  return isWhole && (/^..\d+$/.test(iban) || hasIbanChecksum(iban)) ? end : 0;
}

/** First digits and lengths of the large card networks: https://en.wikipedia.org/wiki/Payment_card_number */
const cardShape =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0689]\d{12}|(?:5[0678]|6\d)\d{11,17})$/;

/** Whether digits are those of a payment card, by its network and the Luhn checksum (ISO/IEC 7812-1). */
export function isCardNumber(digits: string): boolean {
  if (!cardShape.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const value = Number(digits[digits.length - 1 - at]);
    const doubled = value * 2;
    sum += at % 2 === 0 ? value : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
