import { ServiceError } from './chat-api.ts';
import type { Localizer } from './localizer.ts';
import type { StringKey } from './strings.ts';

export interface FailureSentence {
  key: StringKey;
  value?: string | undefined;
}

const sentences: Record<number, StringKey> = {
  400: 'errorQuestion',
  403: 'errorForbidden',
  409: 'errorConflict',
  413: 'errorQuestion',
  502: 'errorBusy',
  503: 'errorBusy',
  504: 'errorBusy',
};

/** What went wrong, as a person would say it. */
export const failureSentence = (error: unknown, localizer: Localizer, now: Date): FailureSentence => {
  if (!(error instanceof ServiceError)) {
    return { key: navigator.onLine ? 'errorConnection' : 'offline' };
  }
  if (error.status === 429) {
    const at = new Date(now.getTime() + (error.retryAfterSeconds ?? 60) * 1000);
    const time = at.toLocaleTimeString(localizer.language(), {
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    return { key: 'errorRateLimit', value: time };
  }
  return { key: sentences[error.status] ?? 'errorFailed' };
};
