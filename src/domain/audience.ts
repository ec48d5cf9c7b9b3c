/** Ids of the institution's roles and campuses. What is stored may hold others, of another time or another institution. */
export type Role = string;
export type Campus = string;

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** What is known of the person who asks. */
export interface Audience {
  role?: Role | undefined;
  campus?: Campus | undefined;
}
