import { stemEnglish, stemGerman } from './stem.ts';

const english = `
apply application request register registration ask become change check choose collect find have info information look
make obtain order provide receive report require search send start submit take tell want work`;
const german = `
anmelden beantragen bekommen erhalten kriegen holen finden fragen brauchen suchen melden schicken stellen ändern`;

const toStems = (words: string, stem: (word: string) => string): string[] =>
  words.trim().split(/\s+/).map(stem);

const genericStems: ReadonlySet<string> = new Set([
  ...toStems(english, stemEnglish),
  ...toStems(german, stemGerman),
]);

/** Whether a stem, English or German, is of a word that questions about very different subjects share. */
export const isGenericStem = (stem: string): boolean => genericStems.has(stem);
