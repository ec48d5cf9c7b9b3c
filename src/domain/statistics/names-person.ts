/** Shorter names, and plain words, are part of many texts. */
const minTellingCharacters = 6;

/**
 * True when a record or a line names a person: as the value of a `userId`, or, for a name that is no ordinary word (a digit,
 * dot or @ is in it), as a word of its own anywhere.
 */
export function namesPerson(text: string, name: string): boolean {
  if (!text.includes(name)) return false;
  const isTelling = name.length >= minTellingCharacters && /[\d@.]/.test(name);
  if (!isTelling) return text.includes(`"userId":${JSON.stringify(name)}`);
  const isWordCharacter = (character: string | undefined) =>
    character !== undefined && /[\w@]/.test(character);
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    if (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + name.length])) return true;
  }
  return false;
}
