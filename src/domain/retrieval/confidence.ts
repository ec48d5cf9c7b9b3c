/** How well the entries found match: `high`, `low` (the closest ones), or `none` (nothing is known of it). */
export const confidences = ['high', 'low', 'none'] as const;
export type Confidence = (typeof confidences)[number];
