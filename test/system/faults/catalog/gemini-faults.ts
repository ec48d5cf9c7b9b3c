import type { Fault as ScriptedFault } from '../../../gemini-server/script.ts';
import type { Fault, FaultContext, Finding, Goal } from '../fault.ts';
import { createOutages } from './outages.ts';

const knowledgeBaseAnswers = { mayLack: ['gemini'] } as const;
/** Only what is generated; embeddings go on. */
const methods = ['streamGenerateContent', 'generateContent'];

/** The model misbehaves in one way, in this part of its calls. */
function createModelFault(
  name: string,
  title: string,
  fault: ScriptedFault,
  options: {
    goal?: Partial<Goal>;
    lastsMs?: number;
    isTest?: boolean;
    look?: (context: FaultContext) => Promise<Finding>;
  } = {},
): Fault {
  return {
    name: `gemini-${name}`,
    title: `Gemini: ${title}`,
    goal: { ...knowledgeBaseAnswers, ...options.goal },
    lastsMs: options.lastsMs ?? 15_000,
    isTest: options.isTest ?? false,
    async run(context) {
      const { gemini, usualScript } = context.system;
      await gemini.clearCalls();
      await gemini.setScript({ ...usualScript, faults: [fault] });
      await context.hold();
      const finding = await options.look?.(context);
      await gemini.setScript(usualScript);
      return finding;
    },
  };
}

const throttledForSeconds = 17;

export const geminiFaults: readonly Fault[] = [
  ...createOutages('gemini', knowledgeBaseAnswers, ['stopped']),
  createModelFault(
    'some-503',
    '30 % of calls 503',
    { kind: 'status', status: 503, share: 0.3, methods },
    {
      // A share: three seconds hold too few questions to judge it, so it is for `npm run faults` alone.
      goal: { wholeShare: 0.99 },
    },
  ),
  createModelFault(
    'all-503',
    'every call 503',
    { kind: 'status', status: 503 },
    {
      goal: { addedP99Ms: 2200 },
      look: countCalls,
    },
  ),
  createModelFault(
    'throttled',
    `429 with a retryDelay of ${throttledForSeconds} s`,
    {
      kind: 'status',
      status: 429,
      retryDelaySeconds: throttledForSeconds,
      model: 'gemini-3.5-flash-lite',
      methods,
    },
    { goal: { wholeShare: 0.99 }, lastsMs: 30_000, look: checkPause },
  ),
  createModelFault('stalls-at-once', 'no first byte', { kind: 'stall_before_headers', methods }),
  createModelFault('stalls-late', 'stalls in mid-stream', { kind: 'stall_mid_stream' }, { isTest: true }),
  createModelFault('garbage', 'garbage in the stream', { kind: 'garbage' }),
  createModelFault('early-end', 'streams end early, as if complete', { kind: 'early_end' }, { isTest: true }),
  createModelFault('error-in-stream', 'an error inside of a 200 stream', {
    kind: 'error_in_stream',
    status: 503,
  }),
  createModelFault('cut-late', 'connections cut in mid-stream', { kind: 'cut', methods }),
  createModelFault(
    'blocked',
    'safety block',
    { kind: 'prompt_block', reason: 'SAFETY', methods },
    { isTest: true },
  ),
  createModelFault('empty', 'empty replies (STOP)', {
    kind: 'finish',
    reason: 'STOP',
    withText: false,
    methods,
  }),
  createModelFault('max-tokens', 'replies cut at MAX_TOKENS', {
    kind: 'finish',
    reason: 'MAX_TOKENS',
    withText: true,
    methods,
  }),
];

/** Three replicas, two models, a trial call each every 3 s: 20 in 10 s, and as many again for those that end together. */
const trialCallsIn10s = 40;

/** With the breakers open, calls are trials now and then, whatever is asked. */
async function countCalls({ system }: FaultContext): Promise<Finding> {
  const calls = (await system.gemini.calls()).filter(({ method }) => method === 'streamGenerateContent');
  const lastMs = Date.now() - 10_000;
  const late = calls.filter(({ startedAt }) => startedAt > lastMs).length;
  return {
    note: `${calls.length} calls of the model, ${late} of them in the last 10 s`,
    problems: late > trialCallsIn10s ? [`${late} calls in 10 s of a model that was out`] : [],
  };
}

/** After a 429, no replica calls that model again before the time that it named. */
async function checkPause({ system }: FaultContext): Promise<Finding> {
  const calls = (await system.gemini.calls()).filter(({ fault }) => fault === 'status');
  const firstAt = calls[0]?.startedAt ?? 0;
  // Calls that were under way when the news came.
  const graceMs = 1500;
  const early = calls.filter(
    ({ startedAt }) => startedAt > firstAt + graceMs && startedAt < firstAt + throttledForSeconds * 1000,
  );
  return {
    note: `${calls.length} calls got 429, ${early.length} before the time was over`,
    problems: early.length > 0 ? [`${early.length} calls came before the time was over`] : [],
  };
}
