import { readKnowledgeFiles } from '../../src/adapters/knowledge-files/read-knowledge-files.ts';
import { findContact } from '../../src/domain/chat/contacts.ts';
import { createEmergencyDetection } from '../../src/domain/chat/emergency-notice.ts';
import { parseKnowledgeFiles } from '../../src/domain/knowledge/parse-knowledge-files.ts';
import { normalizeText } from '../../src/domain/language/normalize-text.ts';
import { createSpelling } from '../../src/domain/language/spelling.ts';
import { stemEnglish, stemGerman } from '../../src/domain/language/stem.ts';
import { tokenize } from '../../src/domain/language/tokenize.ts';
import { joinFollowUp } from '../../src/domain/retrieval/follow-up.ts';
import { createKnowledgeView } from '../../src/domain/retrieval/knowledge-view.ts';
import { prepareQuery } from '../../src/domain/retrieval/search.ts';
import { maskPersonalData } from '../../src/domain/statistics/mask-personal-data.ts';
import { normalizeQuestion } from '../../src/domain/statistics/normalize-question.ts';
import { parseWebAddress } from '../../src/domain/web-address.ts';
import { chatCompletionRequestSchema } from '../../src/http/openai/chat-completion-request.ts';
import { composeSourceList, withoutSourceList } from '../../src/http/openai/source-list.ts';
import { personText } from '../../src/http/schemas.ts';
import { createRedactor } from '../../src/telemetry/redaction.ts';
import { parseBlocks } from '../../src/web/page/parse-blocks.ts';
import { findSafeLink, namesTarget } from '../../src/web/page/safe-link.ts';
import { audienceWords, institution, vocabulary } from '../fixtures/institution.ts';

const { files } = await readKnowledgeFiles(['infra/knowledge']);
const { entries } = parseKnowledgeFiles(files, audienceWords);
const version = {
  version: 1,
  embeddingModel: 'local',
  dimension: 1,
  entryCount: entries.length,
  createdAt: new Date(0),
};
const view = createKnowledgeView({ version, entries }, vocabulary);
const spelling = createSpelling(view.keywordIndex.words);
const redact = createRedactor(() => ['a-long-secret']);
const message = personText(1, 1000);
const source = { id: 'a', category: 'b', similarity: 1 };
const link = findSafeLink('https://www.tum.de/');

const completion = (messages: unknown) => chatCompletionRequestSchema.safeParse({ messages });

/** Every function that reads what people, models and clients write. */
export const textFunctions: Readonly<Record<string, (text: string) => unknown>> = {
  normalizeText,
  tokenize,
  stemEnglish,
  stemGerman,
  findNearest: (text) => spelling.findNearest(text),
  translateGerman: vocabulary.glossary.translate,
  isListedGerman: vocabulary.glossary.isListed,
  detectLanguage: vocabulary.detectLanguage,
  toEnglishText: vocabulary.toEnglishText,
  rephraseEnglish: (text) => vocabulary.rephrase(text, 'en'),
  rephraseGerman: (text) => vocabulary.rephrase(text, 'de'),
  detectSmallTalk: vocabulary.detectSmallTalk,
  detectAudience: vocabulary.detectAudience,
  detectStatedAudience: vocabulary.detectStatedAudience,
  findCampuses: vocabulary.findCampuses,
  removeCampuses: vocabulary.removeCampuses,
  joinFollowUp: (text) => joinFollowUp(vocabulary, text, 'Where is the library in Garching?'),
  joinToPrevious: (text) => joinFollowUp(vocabulary, 'And in Munich?', text),
  detectEmergency: createEmergencyDetection(institution.emergencies),
  findContact: (text) =>
    findContact(institution.offices, { question: text, role: undefined, campus: undefined }, 'en'),
  prepareQuery: (text) => prepareQuery(view, text),
  prepareFollowUp: (text) => prepareQuery(view, 'And on Sundays?', text),
  searchKeywords: (text) => view.keywordIndex.search(prepareQuery(view, text).concepts),
  maskPersonalData,
  normalizeQuestion,
  withoutSourceList,
  composeSourceList: (text) => composeSourceList(text, [{ ...source, question: text, url: text }], 'en'),
  personText: (text) => message.safeParse(text),
  completionRequest: (text) => completion([{ role: 'user', content: text }]),
  redact,
  parseBlocks,
  parseWebAddress,
  findSafeLink,
  namesTarget: (text) => link && namesTarget(text, link),
};
