import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, askJson, askStream } from './chat-client.ts';

/** One question that was asked, and what became of it. */
export interface AskedQuestion {
  readonly userId: string;
  readonly sessionId: string;
  readonly message: string;
  readonly transport: 'json' | 'stream';
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly answer: Answer | undefined;
  /** Why there is no answer, or not the right one. */
  readonly problem: string | undefined;
  /** It was put again while Redis, which knows what was asked before, was away: that is two questions. */
  readonly isTwoQuestions: boolean;
}

export interface SteadyLoad {
  /** All that ended so far, in this order, unless told to keep none. */
  readonly asked: readonly AskedQuestion[];
  countSoFar(): { asked: number; failed: number };
  /** Lets what is in flight end. */
  stop(): Promise<readonly AskedQuestion[]>;
}

export interface SteadyLoadOptions {
  readonly origin: string;
  /** People who ask one question after the other, half of them for streams. */
  readonly people: number;
  /** False for runs of hours: only counts are kept. */
  readonly keepsAll?: boolean;
}

const questions = [
  'How do I connect to eduroam?',
  'When is the library open?',
  'How do I enrol at TUM?',
  'Wie melde ich mich zu einer Prüfung an?',
  'Where can I print on campus?',
  'Wie bekomme ich eine StudentCard?',
];
const longestThinkMs = 300;
/** Then the person begins a new session. */
const questionsPerSession = 20;
/** Every so-manieth question is put twice under one key, as by somebody who lost the reply. */
const questionsPerRepeat = 5;

/** People asking steadily. Each question is asked once and tells itself from all others. */
export function startSteadyLoad({ origin, people, keepsAll = true }: SteadyLoadOptions): SteadyLoad {
  const asked: AskedQuestion[] = [];
  const counts = { asked: 0, failed: 0 };
  let isStopped = false;

  function note(question: AskedQuestion) {
    counts.asked += 1;
    if (question.problem !== undefined) counts.failed += 1;
    if (keepsAll) asked.push(question);
  }

  async function ask(person: Person, count: number): Promise<void> {
    const { userId, sessionId, transport } = person;
    const message = `${questions[count % questions.length]} (${createMark()})`;
    const isRepeated = count % questionsPerRepeat === 0;
    const idempotencyKey = isRepeated ? randomBytes(16).toString('hex') : undefined;
    const question = { origin, userId, sessionId, message, idempotencyKey };
    const put = () => (transport === 'json' ? askJson(question) : askStream(question));
    const startedAtMs = performance.now();
    const result = await put().then(
      (answer) => ({ answer, problem: findProblem(answer, message) }),
      (error: unknown) => ({ answer: undefined, problem: describe(error) }),
    );
    const endedAtMs = performance.now();
    const { answer, problem } = result;
    const again = isRepeated && answer && !lacksRedis(answer) ? await repeat(answer, put) : undefined;
    note({
      ...{ userId, sessionId, message, transport, startedAtMs, endedAtMs, answer },
      problem: problem ?? again?.problem,
      isTwoQuestions: again?.isTwoQuestions ?? false,
    });
  }

  async function live(index: number): Promise<void> {
    const transport = index % 2 === 0 ? 'json' : 'stream';
    await sleep(Math.random() * 1000);
    while (!isStopped) {
      const person: Person = { userId: `person-${index}`, sessionId: `session-${createMark()}`, transport };
      for (let count = 0; count < questionsPerSession && !isStopped; count++) {
        await ask(person, index + count);
        await sleep(Math.random() * longestThinkMs);
      }
    }
  }

  const living = Array.from({ length: people }, (_, index) => live(index));
  return {
    asked,
    countSoFar: () => ({ ...counts }),
    async stop() {
      isStopped = true;
      await Promise.all(living);
      return asked;
    },
  };
}

type Person = Pick<AskedQuestion, 'userId' | 'sessionId' | 'transport'>;

/** Letters only: nothing that looks like personal data and is masked on the way. */
const createMark = () =>
  [...randomBytes(10)].map((byte) => String.fromCharCode('a'.charCodeAt(0) + (byte % 26))).join('');

/** An answer of the model repeats the question it is for. */
function findProblem({ answered_by, response }: Answer, message: string): string | undefined {
  if (response.trim() === '') return 'the answer is empty';
  const isStranger = answered_by === 'model' && !response.includes(message);
  return isStranger ? 'the answer is to another question' : undefined;
}

const lacksRedis = ({ degraded }: Answer) => degraded.includes('redis');

async function repeat(
  first: Answer,
  put: () => Promise<Answer>,
): Promise<Pick<AskedQuestion, 'problem' | 'isTwoQuestions'>> {
  try {
    const second = await put();
    if (lacksRedis(second)) return { problem: undefined, isTwoQuestions: true };
    const isSame = second.request_id === first.request_id;
    return { problem: isSame ? undefined : 'the repeated question was answered anew', isTwoQuestions: false };
  } catch (error) {
    return { problem: `the repeated question: ${describe(error)}`, isTwoQuestions: false };
  }
}

const describe = (error: unknown) => {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code} ${error.message}`;
};
