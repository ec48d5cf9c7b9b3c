import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { ErrorCode } from '../domain/errors.ts';

/** What travels with a request. */
export interface AppEnv {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** The same for all tries of a request, as its id is, but shown to nobody: no reply, no log. */
    requestSecret: string;
    /** The client's address as our nginx saw it, IPv6 as its /64; what the rate limit counts. */
    clientAddress: string;
    /** The same as it is, for networks that are let in. */
    exactClientAddress: string;
    logger: Logger;
    errorCode: ErrorCode | undefined;
    /** Set where an answer holds its client's places: keeps them at least until `until` resolves. */
    keepPlaces: ((until: Promise<unknown>) => void) | undefined;
    /** Fingerprint of the operators' token that the request came with. */
    operator: string | undefined;
    /** What an operator's action is done to, for the audit table; never the name of a person. */
    auditTarget: string | undefined;
    /** Further fields of the request's log line. */
    logFields: Record<string, unknown>;
  };
}
