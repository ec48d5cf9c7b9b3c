import type { Context } from 'hono';
import { emergencyRateOf } from '../domain/access/limit-policy.ts';
import type { RateLimiter } from '../domain/access/rate-limiter.ts';
import type { DetectEmergency } from '../domain/chat/emergency-notice.ts';
import { AppError } from '../domain/errors.ts';
import type { AppEnv } from './app-env.ts';

export interface EmergencyPassageDependencies {
  limiter: Pick<RateLimiter, 'consume'>;
  detectEmergency: DetectEmergency;
  /** The numbers to call, as plain text, for whoever is refused even so. */
  numbers: string;
}

/**
 * Lets a message from somebody in crisis or danger past a limit or an overload: true when it is one, and was counted
 * among the few a minute that its address has. @throws AppError RATE_LIMIT_EXCEEDED naming the numbers beyond those.
 */
export type PassEmergency = (c: Context<AppEnv>) => Promise<boolean>;

export function createEmergencyPassage(dependencies: EmergencyPassageDependencies): PassEmergency {
  const { limiter, detectEmergency, numbers } = dependencies;
  return async (c) => {
    const message = await readMessage(c);
    if (message === undefined || !detectEmergency(message)) return false;
    const decision = await limiter.consume({
      requestId: `emergency:${c.get('requestId')}`,
      rates: [emergencyRateOf(c.get('clientAddress'))],
      places: [],
    });
    if (decision.allowed) return true;
    const retryAfterSeconds = Math.max(1, Math.ceil((decision.rates[0]?.resetMs ?? 0) / 1000));
    throw new AppError('RATE_LIMIT_EXCEEDED', `${numbers} Too many messages from your network.`, {
      retryAfterSeconds,
    });
  };
}

/** What the person says, of a body that may say anything. */
async function readMessage(c: Context<AppEnv>): Promise<string | undefined> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) return undefined;
  if ('message' in body) return typeof body.message === 'string' ? body.message : undefined;
  return 'messages' in body && Array.isArray(body.messages) ? textOf(body.messages.at(-1)) : undefined;
}

/** Text of a message of OpenAI's API, in one piece or in parts. */
function textOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('content' in message)) return undefined;
  const { content } = message;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => (typeof part?.text === 'string' ? part.text : '')).join(' ');
}
