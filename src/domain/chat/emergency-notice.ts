import type { Campus, Language } from '../audience.ts';

/** Danger to life or limb now; a false alarm costs two lines, a missed one may cost more. */
const dangerWords = new RegExp(
  [
    String.raw`\b(not|isn'?t|stopped) breathing\b`,
    String.raw`\b(unconscious|heart attack|overdose|choking|bleeding (badly|heavily)|active shooter|bomb threat)\b`,
    String.raw`\b(someone|somebody|friend|roommate|flatmate|colleague|he|she|person|student) (has |just |has just )?collapsed\b`,
    String.raw`\b(raped|sexually assaulted|being (attacked|followed|stalked|threatened)|is attacking)\b`,
    String.raw`\b(there'?s|there is) (a )?(fire|gas leak)\b|\bsmell(s)? (of )?gas\b|\bbuilding is on fire\b`,
    String.raw`\batmet nicht|\bbewusstlos|\bohnmächtig|zusammengebrochen|\bherzinfarkt|\bschlaganfall|\büberdosis|blutet stark`,
    String.raw`vergewaltig|\b(werde|wurde|wird) (gerade )?(angegriffen|überfallen|bedroht|verfolgt)|\bamok|bombendrohung`,
    String.raw`\bes brennt\b|feuer ausgebrochen|gasgeruch|riecht nach gas`,
  ].join('|'),
  'iu',
);

/** Somebody may be about to harm themselves. */
const crisisWords = new RegExp(
  [
    String.raw`\bsuicid|\bkill (my|him|her|them)sel(f|ves)\b|\bend (my|his|her|their) (own )?li(fe|ves)\b|\bself[- ]?harm`,
    String.raw`\b(don'?t|doesn'?t|do not|does not) want to (live|be alive)\b|\bwants? to die\b|\bhurt(ing)? myself\b`,
    String.raw`suizid|selbstmord|\b(mich|sich|sie|ihn) umbringen\b|nicht mehr leben\b|das leben nehmen|\bwill sterben\b|selbst verletz`,
  ].join('|'),
  'iu',
);

const germany = {
  danger: {
    en: '**If somebody is in danger, call 112 now** (fire, ambulance) or 110 (police). It is free from every phone.',
    de: '**Wenn jemand in Gefahr ist: jetzt 112 anrufen** (Feuerwehr, Rettungsdienst) oder 110 (Polizei), kostenlos von jedem Telefon.',
  },
  crisis: {
    en: '**You are not alone, and there is help right now.** In immediate danger call **112**. Somebody to talk to at any hour, free of charge: Telefonseelsorge 0800 111 0 111, in Bavaria also Krisendienste Bayern 0800 655 3000.',
    de: '**Du bist nicht allein, und es gibt sofort Hilfe.** Bei unmittelbarer Gefahr **112** anrufen. Rund um die Uhr und kostenlos zum Reden: Telefonseelsorge 0800 111 0 111, in Bayern auch die Krisendienste Bayern 0800 655 3000.',
  },
} as const;

const singapore = {
  danger: {
    en: '**If somebody is in danger, call 995 now** (ambulance, fire) or 999 (police).',
    de: '**Wenn jemand in Gefahr ist: jetzt 995 anrufen** (Rettungsdienst, Feuerwehr) oder 999 (Polizei).',
  },
  crisis: {
    en: '**You are not alone, and there is help right now.** In immediate danger call **995**. The Samaritans of Singapore listen day and night at 1767.',
    de: '**Du bist nicht allein, und es gibt sofort Hilfe.** Bei unmittelbarer Gefahr **995** anrufen. Die Samaritans of Singapore hören rund um die Uhr zu: 1767.',
  },
} as const;

/**
 * What goes before any answer when a message sounds like an emergency: help must not depend on what a search finds or
 * on a model. Undefined otherwise.
 */
export function findEmergencyNotice(
  message: string,
  campus: Campus | undefined,
  language: Language,
): string | undefined {
  const numbers = campus === 'Singapore' ? singapore : germany;
  if (crisisWords.test(message)) return numbers.crisis[language];
  if (dangerWords.test(message)) return numbers.danger[language];
  return undefined;
}
