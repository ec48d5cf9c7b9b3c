import { createHash } from 'node:crypto';
import type { AudienceWords } from '../../knowledge/parse-audience.ts';
import type { DetectLanguage } from '../../language/detect-language.ts';
import type { SearchMethod } from '../../retrieval/search-method.ts';
import type { Anonymizer } from '../anonymizer.ts';
import { normalizeQuestion } from '../normalize-question.ts';
import { startOfDay } from '../report-window.ts';
import type { InteractionEvent, SearchEvent, SessionEvent } from '../statistics-event.ts';
import type { CountedQuestion } from '../statistics-store.ts';

/** A row of the older system's database: columns may be missing, and hold what SQLite lets them hold. */
export type ImportedRow = Readonly<Record<string, unknown>>;

const firstOf = (row: ImportedRow, columns: readonly string[]): unknown =>
  columns.map((column) => row[column]).find((value) => value !== undefined && value !== null && value !== '');

const textOf = (row: ImportedRow, ...columns: string[]): string =>
  String(firstOf(row, columns) ?? '').replaceAll('\0', '');

const numberOf = (row: ImportedRow, ...columns: string[]): number => {
  const value = Number(firstOf(row, columns) ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
};

const countOf = (row: ImportedRow, ...columns: string[]): number => Math.round(numberOf(row, ...columns));
/** The older system measured in seconds. */
const durationMsOf = (row: ImportedRow, ...columns: string[]): number =>
  Math.min(86_400_000, numberOf(row, ...columns) * 1000);

/** Above this a number can only be milliseconds since 1970. */
const millisecondsFrom = 100_000_000_000;
const earliest = Date.UTC(2000, 0, 1);
const latest = Date.UTC(2100, 0, 1);

/** SQLite's texts without a zone are UTC, as CURRENT_TIMESTAMP writes them. Undefined for what is no time. */
const instantOf = (row: ImportedRow, ...columns: string[]): Date | undefined => {
  const value = firstOf(row, columns);
  const at =
    typeof value === 'number'
      ? new Date(value < millisecondsFrom ? value * 1000 : value)
      : parseInstant(String(value));
  return at.getTime() >= earliest && at.getTime() < latest ? at : undefined;
};

const parseInstant = (text: string): Date => {
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?$/.exec(text.trim()) ?? [];
  return new Date(`${day}T${time}${fraction.slice(0, 4)}${zone}`);
};

const methodOf = (row: ImportedRow): SearchMethod => {
  const text = textOf(row, 'search_method', 'method').toLowerCase();
  if (text.includes('hybrid')) return 'hybrid';
  if (text.includes('semantic') || text.includes('vector')) return 'semantic';
  return text.includes('keyword') || text.includes('bm25') ? 'keyword' : 'hybrid';
};

const audienceOf = (row: ImportedRow, words: AudienceWords): Pick<InteractionEvent, 'role' | 'campus'> => {
  const role = words.findRole(textOf(row, 'user_role', 'role'));
  const campus = words.findCampus(textOf(row, 'user_campus', 'campus'));
  return {
    role: role === 'everyone' ? undefined : role,
    campus: campus === 'everywhere' ? undefined : campus,
  };
};

/** The same for the same row in every import. Its table and `rowid` tell rows apart that are otherwise alike. */
const idOf = (table: string, row: ImportedRow): string => {
  const columns = Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1));
  return idFrom([table, columns]);
};

const idFrom = (parts: unknown): string =>
  `import-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;

/** A question that an imported interaction asked on a day; what else was counted is added to those. */
const questionKey = (day: Date, question: string) => `${day.getTime()}|${question}`;

export interface RowMapperDependencies {
  anonymizer: Anonymizer;
  audienceWords: AudienceWords;
  detectLanguage: DetectLanguage;
}

/** Rows of the older system as events of ours; undefined for a row without a time. */
export const createRowMapper = ({ anonymizer, audienceWords, detectLanguage }: RowMapperDependencies) => {
  const userOf = (row: ImportedRow) => textOf(row, 'user_id') || 'anonymous';
  const identify = (row: ImportedRow) => {
    const userId = userOf(row);
    return {
      userId: anonymizer.userId(userId),
      sessionHash: anonymizer.sessionHash({ userId, sessionId: textOf(row, 'session_id') }),
    };
  };
  return {
    interaction: (row: ImportedRow): InteractionEvent | undefined => {
      const at = instantOf(row, 'timestamp', 'created_at');
      if (at === undefined) return undefined;
      const question = textOf(row, 'query', 'question', 'message');
      const resultsCount = countOf(row, 'search_results_count', 'results_count');
      const isCounted = firstOf(row, ['search_results_count', 'results_count']) !== undefined;
      return {
        kind: 'interaction',
        id: idOf('chat_interactions', row),
        at,
        ...identify(row),
        question: anonymizer.text(question),
        response: anonymizer.text(textOf(row, 'response', 'answer')),
        ...audienceOf(row, audienceWords),
        language: detectLanguage(question),
        searchMethod: methodOf(row),
        resultsCount,
        topSimilarity: 0,
        confidence: isCounted && resultsCount === 0 ? 'none' : 'high',
        answeredBy: 'model',
        cached: false,
        degraded: [],
        responseTimeMs: durationMsOf(row, 'response_time'),
        searchTimeMs: 0,
        model: undefined,
        inputTokens: 0,
        outputTokens: 0,
        thoughtTokens: undefined,
        cachedTokens: undefined,
        errorCode: undefined,
      };
    },

    search: (row: ImportedRow): SearchEvent | undefined => {
      const at = instantOf(row, 'timestamp', 'created_at');
      if (at === undefined) return undefined;
      return {
        kind: 'search',
        id: idOf('search_performance', row),
        at,
        searchMethod: methodOf(row),
        resultsCount: countOf(row, 'search_results_count', 'results_count', 'result_count'),
        topSimilarity: Math.min(
          1,
          numberOf(row, 'top_similarity', 'max_similarity', 'avg_similarity', 'similarity'),
        ),
        searchTimeMs: durationMsOf(row, 'search_time', 'response_time', 'execution_time'),
      };
    },

    /** The begin of a session, and its end when it has one. */
    session: (row: ImportedRow): SessionEvent[] => {
      const startedAt = instantOf(row, 'start_time', 'started_at', 'created_at', 'timestamp');
      if (startedAt === undefined) return [];
      const id = idOf('user_sessions', row);
      const session = { kind: 'session' as const, ...identify(row), ...audienceOf(row, audienceWords) };
      const endedAt = instantOf(row, 'end_time', 'ended_at', 'last_activity', 'last_active');
      const turnCount = countOf(row, 'interaction_count', 'message_count', 'query_count', 'total_queries');
      return [
        { ...session, id: `${id}:started`, at: startedAt, change: 'started', turnCount: 0 },
        ...(endedAt === undefined
          ? []
          : [{ ...session, id: `${id}:ended`, at: endedAt, change: 'ended' as const, turnCount }]),
      ];
    },
  };
};

/**
 * Questions that the older system counted, beyond those that its imported interactions account for already:
 * the two tables tell of the same questions, which must not count twice.
 */
export const createQuestionCounter = (anonymizer: Anonymizer) => {
  const asked = new Map<string, number>();
  const counted = new Map<string, CountedQuestion>();
  return {
    noteInteraction: ({ at, question }: InteractionEvent): void => {
      const key = questionKey(startOfDay(at), normalizeQuestion(question));
      asked.set(key, (asked.get(key) ?? 0) + 1);
    },
    /** False for a row without a time or a question. */
    noteRow: (row: ImportedRow): boolean => {
      const at = instantOf(row, 'timestamp', 'last_asked', 'last_seen', 'created_at', 'date', 'day');
      const question = normalizeQuestion(
        anonymizer.text(textOf(row, 'query', 'question', 'normalized_query')),
      );
      if (at === undefined || question === '') return false;
      const day = startOfDay(at);
      const key = questionKey(day, question);
      const count = countOf(row, 'count', 'query_count', 'frequency', 'total') || 1;
      const averageTimeMs = durationMsOf(row, 'avg_response_time', 'average_time', 'response_time');
      const known = counted.get(key);
      counted.set(key, {
        id: idFrom(['query_analytics', key]),
        day,
        question,
        count: count + (known?.count ?? 0),
        averageTimeMs: known?.averageTimeMs ?? averageTimeMs,
      });
      return true;
    },
    remaining: (): CountedQuestion[] =>
      [...counted]
        .map(([key, question]) => ({ ...question, count: question.count - (asked.get(key) ?? 0) }))
        .filter(({ count }) => count > 0),
  };
};
