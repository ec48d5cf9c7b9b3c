import type { Institution, InstitutionWords } from '../institution.ts';
import { type AudienceDetection, createAudienceDetection } from './detect-audience.ts';
import { createLanguageDetection, type DetectLanguage } from './detect-language.ts';
import { createEnglishText, type EnglishText } from './english-text.ts';
import { createGenericWords, type IsGenericStem } from './generic-words.ts';
import { createGermanGlossary, type GermanGlossary } from './german-glossary.ts';
import { createRephrasing, type Rephrase } from './rephrase.ts';
import { createSmallTalkDetection, type DetectSmallTalk } from './small-talk.ts';
import { createSynonyms, type FindSynonyms } from './synonyms.ts';

/** How the people of an institution speak: all that reading a message takes besides grammar. Immutable. */
export interface Vocabulary extends AudienceDetection, EnglishText {
  stopWords: InstitutionWords['stopWords'];
  glossary: GermanGlossary;
  detectLanguage: DetectLanguage;
  detectSmallTalk: DetectSmallTalk;
  findSynonyms: FindSynonyms;
  isGenericStem: IsGenericStem;
  rephrase: Rephrase;
}

export function createVocabulary(institution: Institution): Vocabulary {
  const { words } = institution;
  const glossary = createGermanGlossary(words.glossary);
  const audience = createAudienceDetection(institution);
  const detectLanguage = createLanguageDetection(words, glossary, audience.findCampuses);
  const rephrase = createRephrasing(words.phrases);
  return {
    ...audience,
    ...createEnglishText({ words, glossary, detectLanguage, rephrase }),
    stopWords: words.stopWords,
    glossary,
    detectLanguage,
    detectSmallTalk: createSmallTalkDetection(institution.smallTalk),
    findSynonyms: createSynonyms(words.synonyms),
    isGenericStem: createGenericWords(words.genericWords),
    rephrase,
  };
}
