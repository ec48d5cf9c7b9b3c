/** Which sides of the search found the entries. */
export const searchMethods = ['hybrid', 'semantic', 'keyword'] as const;
export type SearchMethod = (typeof searchMethods)[number];
