import type { TokenBudget } from '../../src/domain/models/token-budget.ts';

/** Of any number of tokens. */
export const freeBudget: TokenBudget = { reserve: async () => ({ settle: () => {} }) };
