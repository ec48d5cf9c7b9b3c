import { describe, expect, test } from 'vitest';
import { DependencyError } from '../../../src/domain/errors.ts';
import type { VectorMatch } from '../../../src/domain/knowledge/vector-index.ts';
import type { EmbedQueryOptions } from '../../../src/domain/retrieval/query-embedding.ts';
import { createSearch, prepareQuery, type SearchDependencies } from '../../../src/domain/retrieval/search.ts';
import { createEntry, createSampleView, sampleEntries } from './sample-knowledge.ts';

const view = createSampleView();

const searchWith = (overrides: Partial<SearchDependencies> = {}) =>
  createSearch({
    knowledge: () => view,
    embedQuery: async () => [1, 0],
    vectorIndex: { query: async () => [] },
    settings: { similarityThreshold: 0.3 },
    ...overrides,
  });

const outOfOrder = (dependency: 'chroma' | 'gemini') => async (): Promise<never> => {
  throw new DependencyError(dependency, 'unavailable', 'out');
};

const ask = (query: string, overrides: Partial<SearchDependencies> = {}) =>
  searchWith(overrides).search({ query, method: 'keyword', topK: 3 });

const firstId = async (query: string) => (await ask(query)).results[0]?.entry.id;

describe('a question', () => {
  test('that is stored word for word finds its entry first, however it is typed', async () => {
    const stored = createEntry({
      id: 'keys',
      question: 'What now?',
      answer: 'Ask.',
      alternatives: ['borrow a book vpn client'],
    });
    const storedView = createSampleView('local', [...sampleEntries, stored]);
    for (const query of ['borrow a book vpn client', ' Borrow a BOOK, vpn client?']) {
      const { results } = await ask(query, { knowledge: () => storedView });
      expect(results[0]).toMatchObject({ entry: { id: 'keys' }, similarity: 1 });
    }
  });

  test('is as surely answered with a year in it as without', async () => {
    const [plain, dated] = [await ask('borrowing a book'), await ask('borrowing a book 2026')];
    expect(dated.results[0]?.similarity).toBeCloseTo(plain.results[0]?.similarity ?? 0);
  });

  test('that names no campus prefers entries of the larger ones', async () => {
    const gym = (campus: string) =>
      createEntry({ id: campus, question: 'Where is the gym?', answer: 'Upstairs.', campuses: [campus] });
    const gyms = createSampleView('local', [gym('Heilbronn'), gym('Garching'), ...sampleEntries]);
    const { results } = await ask('gym upstairs', { knowledge: () => gyms });
    expect(results.map(({ entry }) => entry.id)).toEqual(['Garching', 'Heilbronn']);
  });
});

describe('what is found by words alone', () => {
  test.each([
    ['an inflected form', 'borrowing a book', 'library-loan'],
    ['a synonym', 'Can I reach the network remotely with a VPN?', 'vpn'],
    ['typing errors', 'how to instal the vpn cleint', 'vpn'],
    ['swapped letters', 'helath insurence price', 'insurance'],
    ['German over English entries', 'Was kostet die Krankenversicherung?', 'insurance'],
    ['German with umlauts spelt out', 'Wie viele Buecher darf ich ausleihen?', 'library-loan'],
    ['a German compound', 'Urlaubsantrag', 'vacation'],
    ['an everyday phrase', 'How do I ask for days off?', 'vacation'],
  ])('%s', async (_, query, expected) => {
    expect(await firstId(query)).toBe(expected);
  });

  test('an entry by the words of its German answer', async () => {
    const bilingual = createEntry({
      id: 'lockers',
      question: 'Where can I leave my bag?',
      answer: 'In the basement.',
      questionDe: 'Wo lasse ich meine Tasche?',
      answerDe: 'In den Schließfächern im Untergeschoss.',
    });
    const bilingualView = createSampleView('local', [...sampleEntries, bilingual]);
    const outcome = await ask('Schließfach Untergeschoss', { knowledge: () => bilingualView });
    expect(outcome.results[0]?.entry.id).toBe('lockers');
  });

  test('a question that nothing matches is not known and has no results', async () => {
    const outcome = await ask('Who painted the Mona Lisa?');
    expect(outcome).toMatchObject({ results: [], confidence: 'none' });
  });

  test('the question of an entry is a confident match', async () => {
    const outcome = await ask('How do I install the VPN client?');
    expect(outcome).toMatchObject({ confidence: 'high', method: 'keyword', degraded: [] });
  });

  test('results are best first, at most topK, within 0 to 1 and not below the threshold', async () => {
    const { results } = await searchWith().search({
      query: 'set up eduroam WiFi',
      method: 'keyword',
      topK: 2,
    });
    const similarities = results.map(({ similarity }) => similarity);
    expect(similarities).toEqual(similarities.toSorted((a, b) => b - a));
    expect(similarities.length).toBeLessThanOrEqual(2);
    expect(similarities.every((similarity) => similarity >= 0.3 && similarity <= 1)).toBe(true);
  });
});

describe('words and vectors together', () => {
  const vectorsSay = (matches: VectorMatch[]) => ({ vectorIndex: { query: async () => matches } });

  test('a strong vector match lifts an entry that shares few words', async () => {
    const outcome = await searchWith(vectorsSay([{ entryId: 'insurance', similarity: 0.9 }])).search({
      query: 'medical coverage',
      method: 'hybrid',
      topK: 3,
    });
    expect(outcome.results[0]).toMatchObject({ entry: { id: 'insurance' }, semanticSimilarity: 0.9 });
  });

  test('the vectors are asked of the version that the words are from', async () => {
    let asked: number | undefined;
    await searchWith({
      vectorIndex: {
        query: async (version) => {
          asked = version;
          return [];
        },
      },
    }).search({ query: 'vpn', method: 'hybrid', topK: 3 });
    expect(asked).toBe(view.version.version);
  });

  test('what the cache is known to hold is not looked up again, unless a question before it changes the text', async () => {
    const lookedUp: EmbedQueryOptions['lookedUp'][] = [];
    const { search } = searchWith({
      async embedQuery(_text, _model, options) {
        lookedUp.push(options.lookedUp);
        return [1, 0];
      },
    });
    const readAhead = { view, prepared: prepareQuery(view, 'vpn'), embeddingKey: 'vpn' };
    const request = { query: 'vpn', method: 'semantic', topK: 3, readAhead } as const;
    await search(request);
    await search({ ...request, readAhead: { ...readAhead, cachedEmbedding: [0, 1] } });
    await search({ ...request, query: 'and on my phone?', previousQuestion: 'How do I install the VPN?' });
    expect(lookedUp).toEqual([{ embedding: undefined }, { embedding: [0, 1] }, undefined]);
  });

  test.each([
    ['chroma', { vectorIndex: { query: outOfOrder('chroma') } }],
    ['gemini', { embedQuery: outOfOrder('gemini') }],
  ] as const)('without %s the words answer alone, and the outcome says so', async (dependency, overrides) => {
    const outcome = await searchWith(overrides).search({ query: 'install vpn', method: 'semantic', topK: 3 });
    expect(outcome).toMatchObject({ method: 'keyword', degraded: [dependency] });
    expect(outcome.results[0]?.entry.id).toBe('vpn');
  });

  test('an error that is no outage is not swallowed', async () => {
    const search = searchWith({
      embedQuery: async () => {
        throw new TypeError('bug');
      },
    });
    await expect(search.search({ query: 'vpn', method: 'hybrid', topK: 3 })).rejects.toThrow('bug');
  });

  test('an asker who went away ends the search', async () => {
    const search = searchWith({ embedQuery: outOfOrder('gemini') });
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(search.search({ query: 'vpn', method: 'hybrid', topK: 3, signal: gone })).rejects.toThrow(
      'gone',
    );
  });
});

describe('whose question it is', () => {
  test('entries of the asker’s campus come before those of another', async () => {
    const outcome = await searchWith().search({
      query: 'Where can I park?',
      method: 'keyword',
      topK: 3,
      audience: { campus: 'Munich' },
    });
    expect(outcome.results[0]?.entry.id).toBe('parking-munich');
    expect(outcome.clarification).toBeUndefined();
  });

  test('a campus named in the question goes before the asker’s', async () => {
    const outcome = await searchWith().search({
      query: 'Where can I park in Garching?',
      method: 'keyword',
      topK: 3,
      audience: { campus: 'Munich' },
    });
    expect(outcome.results[0]?.entry.id).toBe('parking-garching');
  });

  test.each([
    ['campus', 'Where can I park?'],
    ['role', 'How do I set up my e-mail address?'],
  ])('asks for the %s when the best entries differ by it only', async (clarification, query) => {
    expect(await ask(query)).toMatchObject({ clarification });
  });

  test('asks nothing when the best entry holds for everyone', async () => {
    expect((await ask('How do I install the VPN client?')).clarification).toBeUndefined();
  });
});

test('a follow-up is searched together with what it refers to', async () => {
  const outcome = await searchWith().search({
    query: 'And on macOS?',
    method: 'keyword',
    topK: 3,
    previousQuestion: 'How do I set up eduroam on Windows?',
  });
  expect(outcome.queryText).toBe('How do I set up eduroam on Windows? And on macOS?');
  expect(outcome.results[0]?.entry.id).toBe('eduroam-mac');
});

test('a follow-up that only adds a circumstance stays with its subject', async () => {
  const nearest = [
    { entryId: 'insurance', similarity: 0.55 },
    { entryId: 'library-loan', similarity: 0.5 },
  ];
  const outcome = await searchWith({ vectorIndex: { query: async () => nearest } }).search({
    query: 'and for a month?',
    method: 'hybrid',
    topK: 3,
    previousQuestion: 'What can I borrow?',
  });
  expect(outcome.results[0]?.entry.id).toBe('library-loan');
});

test('what is near in meaning is found without a common word', async () => {
  const outcome = await searchWith({
    vectorIndex: { query: async () => [{ entryId: 'vacation', similarity: 0.62 }] },
  }).search({ query: 'lie on the beach', method: 'hybrid', topK: 3 });
  expect(outcome).toMatchObject({ confidence: 'low', results: [{ entry: { id: 'vacation' } }] });
});

test('only a model that knows no German gets the question in English', () => {
  const question = 'Was kostet die Krankenversicherung?';
  expect(prepareQuery(view, question).embeddingText).toMatch(/health insurance/);
  expect(prepareQuery(createSampleView('gemini-embedding-001'), question).embeddingText).toBe(question);
});

test('before any knowledge is loaded nothing is known', async () => {
  const outcome = await ask('vpn', { knowledge: () => undefined });
  expect(outcome).toMatchObject({ results: [], confidence: 'none' });
});
