export const roles = ['student', 'employee', 'lecturer', 'visitor'] as const;
export type Role = (typeof roles)[number];

export const campuses = ['Munich', 'Garching', 'Weihenstephan', 'Heilbronn', 'Singapore'] as const;
export type Campus = (typeof campuses)[number];

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** What is known of the person who asks. */
export interface Audience {
  role?: Role | undefined;
  campus?: Campus | undefined;
}
