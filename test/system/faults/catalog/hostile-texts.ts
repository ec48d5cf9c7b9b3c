import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultContext, Finding } from '../fault.ts';

const perSecond = 20;
const largestBodyBytes = 64 * 1024;

interface HostileRequest {
  readonly path: string;
  readonly body: string;
}

/** As many repetitions as a message of 1000 characters holds; every message is another, so that no cache helps. */
const fill = (text: string) => {
  const mark = ` ${randomBytes(4).toString('hex')}`;
  return [...text.repeat(1000)].slice(0, 1000 - mark.length).join('') + mark;
};
const chat = (text: string): HostileRequest => ({
  path: '/api/chat',
  body: JSON.stringify({ message: fill(text) }),
});

/** A conversation whose earlier messages fill the body; the last one leans on them. */
function converse(text: string): HostileRequest {
  const wrap = (question: string) =>
    JSON.stringify({
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: '\n\nSources:\n- a'.repeat(100) },
        { role: 'user', content: `And then? ${randomBytes(4).toString('hex')}` },
      ],
    });
  const room = largestBodyBytes - Buffer.byteLength(wrap(''));
  const bytes = Buffer.byteLength(JSON.stringify(text)) - 2;
  return { path: '/v1/chat/completions', body: wrap(text.repeat(Math.floor(room / bytes))) };
}

/** A list that fills the body and is wrong in every element. */
const misuse = (element: string): HostileRequest => ({
  path: '/v1/chat/completions',
  body: `{"messages":[${Array(Math.floor((largestBodyBytes - 20) / (element.length + 1)))
    .fill(element)
    .join(',')}]}`,
});

const requests: readonly (() => HostileRequest)[] = [
  () => chat('raum'),
  () => converse('raum'),
  () => chat('\ufdf2'),
  () => chat('\ufdfa'),
  () => converse('vorlesungsraumprüfungsplan'),
  () => chat('melde lerne trage '),
  () => converse('\n\nSources:\n- a'),
  () => chat('a\u0316\u0300\u0316\u0300'),
  () => converse('a@'),
  () => misuse('1'),
  () => misuse('{}'),
  () => chat('prüfungsanmeldungsfrist '),
  () => ({ path: '/api/search', body: JSON.stringify({ query: fill('bibliothekausweisnummer ') }) }),
];

/** Sends them steadily, whatever becomes of them, but for one thing: none may break a replica. */
export async function sendHostileTexts({ system, lastsMs }: FaultContext): Promise<Finding> {
  const sending: Promise<void>[] = [];
  const counts = { answered: 0, refused: 0, broken: 0 };
  const send = async ({ path, body }: HostileRequest) => {
    try {
      const response = await fetch(system.nginx.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      await response.text();
      if (response.ok) counts.answered += 1;
      else if (response.status < 500 || response.status === 503) counts.refused += 1;
      else counts.broken += 1;
    } catch {
      counts.broken += 1;
    }
  };
  const beganAtMs = performance.now();
  for (let count = 0; performance.now() - beganAtMs < lastsMs; count += 1) {
    const make = requests[count % requests.length];
    if (make !== undefined) sending.push(send(make()));
    await sleep(Math.max(0, beganAtMs + (count + 1) * (1000 / perSecond) - performance.now()));
  }
  await Promise.all(sending);
  const { answered, refused, broken } = counts;
  return {
    note: `${answered} hostile texts answered, ${refused} refused`,
    problems: broken > 0 ? [`${broken} hostile requests ended with 5xx or no reply`] : [],
  };
}
