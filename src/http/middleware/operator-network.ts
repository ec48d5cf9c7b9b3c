import { createMiddleware } from 'hono/factory';
import { AppError } from '../../domain/errors.ts';
import type { AppEnv } from '../app-env.ts';
import { createNetworkList } from '../network-list.ts';

/** Lets requests through whose client is in one of these networks; nginx does so as well. */
export function requireOperatorNetwork(networks: readonly string[]) {
  const allowed = createNetworkList(networks);
  return createMiddleware<AppEnv>(async (c, next) => {
    if (!allowed.includes(c.get('exactClientAddress'))) {
      throw new AppError('FORBIDDEN', 'This address may not use the operators’ interface.');
    }
    await next();
  });
}
