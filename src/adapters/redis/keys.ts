/** Scopes of model calls that are closed for now, scored by the end of their closing. Lives as long as the last closing. */
export const closedModelsKey = 'gemini:closed';

/** Tells the replicas of each new closing. */
export const closedModelsChannel = 'gemini:closed';

/** Model calls made by all replicas within the current minute. */
export const modelBudgetKey = 'gemini:budget';
