/** By which people say who they are. */
const introductions =
  /(?<![\p{L}\p{N}])(?:my (?:(?:full|first|last|given|family|sur) ?)?name(?: is|['’]s|:)|i(?: am|['’]m) called|ich hei(?:ß|ss)e|(?:mein|unser) (?:voller |ganzer |vor|nach|familien)?name (?:ist|lautet)|(?:vor|nach|familien)?name ?:|(?:first|last|full) name ?:)\s{1,3}/giu;
/** One word of a name: "Anna-Lena", "O'Neill", "J.", "Dr." */
const nameWord = /^(?:\p{L}\.|(?:dr|prof|mr|mrs|ms)\.|[\p{L}\p{M}'’-]{1,40})/iu;
/** Parts of a name that are written small. */
const particles = new Set('von van de der den la le di da del al el zu zur ten ter y'.split(' '));
/** What begins no name, and ends one that is typed without capitals. */
const notNames = new Set(
  (
    'a an and at but for from here i in is it my no not of on or so still the this to too with you your who what when where why how ' +
    'can could do does did am are have has will would should please wrong missing unknown incorrect spelled misspelled listed ' +
    'aber als am auf aus bei bin das dem die ein eine es für ich im ist ja kann mein meine mit nach nicht noch oder seit und wo wie was wann ' +
    'warum wer welche habe hat möchte muss soll will studiere arbeite falsch unbekannt student studentin'
  ).split(' '),
);
const mostWords = 5;
/** Words of a name that is typed without capitals. */
const mostSmallWords = 2;

const isCapital = (word: string) => /^[^\p{Ll}]/u.test(word);

/** Length of the name with which a text begins, in UTF-16 code units; 0 without one. */
function measureName(text: string): number {
  let end = 0;
  let at = 0;
  let smallWords = 0;
  for (let count = 0; count < mostWords; count += 1) {
    const [word] = nameWord.exec(text.slice(at, at + 41)) ?? [];
    if (word === undefined) break;
    const small = word.toLowerCase();
    const isParticle = end > 0 && particles.has(small);
    if (!isParticle) {
      if (notNames.has(small)) break;
      if (!isCapital(word) && (smallWords === mostSmallWords || smallWords < count)) break;
      if (!isCapital(word)) smallWords += 1;
      end = at + word.length;
    }
    at += word.length;
    if (text[at] !== ' ') break;
    at += 1;
  }
  return end;
}

/** Replaces names by which people introduce themselves: "my name is ...", "ich heiße ...". */
export function maskNames(text: string): string {
  let masked = '';
  let readTo = 0;
  for (const { index, 0: introduction } of text.matchAll(introductions)) {
    const at = index + introduction.length;
    if (index < readTo) continue;
    const length = measureName(text.slice(at, at + 41 * mostWords));
    if (length === 0) continue;
    masked += `${text.slice(readTo, at)}[name]`;
    readTo = at + length;
  }
  return masked + text.slice(readTo);
}
