import { readFile } from 'node:fs/promises';
import { createEmergencyDetection } from '../../src/domain/chat/emergency-notice.ts';
import type { Confidence } from '../../src/domain/retrieval/confidence.ts';
import type { Search } from '../../src/domain/retrieval/search.ts';
import { institution } from '../fixtures/institution.ts';

interface HeldOutItem {
  question?: string;
  message?: string;
  language: 'en' | 'de';
  half: 'tuning' | 'test';
  expected?: string[];
}

interface Judged {
  language: 'en' | 'de';
  confidence: Confidence;
  isFirst: boolean;
  isAmongThree: boolean;
}

/** Shares, 0..1, on the halves that nothing was tuned on. */
export interface HeldOutFigures {
  /** Of the answerable questions, by language. */
  recallAtThree: Record<'all' | 'en' | 'de', number>;
  /** Of the answerable questions: a sure answer that is right. */
  surelyRight: number;
  /** Of all sure answers. */
  rightOfSure: number;
  /** Of the questions that no entry answers: a sure answer all the same. */
  sureOfUnanswerable: number;
  crisisNoticed: number;
  falseAlarms: number;
}

async function readTestHalf(name: string): Promise<HeldOutItem[]> {
  const url = new URL(`held-out/${name}.json`, import.meta.url);
  const items: HeldOutItem[] = JSON.parse(await readFile(url, 'utf8'));
  return items.filter(({ half }) => half === 'test');
}

const shareOf = <T>(items: readonly T[], holds: (item: T) => boolean): number =>
  items.filter(holds).length / items.length;

function judge({ search }: Pick<Search, 'search'>, items: readonly HeldOutItem[]): Promise<Judged[]> {
  return Promise.all(
    items.map(async ({ question = '', language, expected = [] }) => {
      const { results, confidence } = await search({ query: question, method: 'hybrid', topK: 3 });
      const isExpected = results.map(({ entry }) => expected.includes(entry.id));
      return {
        language,
        confidence,
        isFirst: isExpected[0] === true,
        isAmongThree: isExpected.includes(true),
      };
    }),
  );
}

/** Measures the shipped search and rules on the held-out corpora, without showing an item of them. */
export async function measureHeldOut(shipped: Pick<Search, 'search'>): Promise<HeldOutFigures> {
  const answerable = await judge(shipped, await readTestHalf('everyday'));
  const unanswerable = await judge(shipped, await readTestHalf('unanswerable'));
  const detectEmergency = createEmergencyDetection(institution.emergencies);
  const isAlarm = ({ message = '' }: HeldOutItem) => detectEmergency(message) !== undefined;
  const isSure = ({ confidence }: Judged) => confidence === 'high';
  const recallOf = (items: readonly Judged[]) => shareOf(items, ({ isAmongThree }) => isAmongThree);
  return {
    recallAtThree: {
      all: recallOf(answerable),
      en: recallOf(answerable.filter(({ language }) => language === 'en')),
      de: recallOf(answerable.filter(({ language }) => language === 'de')),
    },
    surelyRight: shareOf(answerable, (judged) => isSure(judged) && judged.isFirst),
    rightOfSure: shareOf([...answerable, ...unanswerable].filter(isSure), ({ isFirst }) => isFirst),
    sureOfUnanswerable: shareOf(unanswerable, isSure),
    crisisNoticed: shareOf(await readTestHalf('crisis'), isAlarm),
    falseAlarms: shareOf(await readTestHalf('ordinary'), isAlarm),
  };
}

export function printHeldOut({ recallAtThree, ...shares }: HeldOutFigures): void {
  const { all, en, de } = recallAtThree;
  const rows = { 'recall@3': all, 'recall@3 English': en, 'recall@3 German': de, ...shares };
  console.log('\nheld-out test halves, per cent');
  console.table(
    Object.fromEntries(Object.entries(rows).map(([name, share]) => [name, (100 * share).toFixed(1)])),
  );
}
