const redacted = '[redacted]';

/** Names of fields whose values never reach a log, wherever an object carries them one or two levels deep. */
const secretFields = [
  'authorization',
  'cookie',
  'password',
  'token',
  'secret',
  'salt',
  'apiKey',
  'adminToken',
  'sessionId',
  'x-goog-api-key',
  'x-session-id',
];

export const redactedPaths = secretFields.flatMap((name) => [
  `["${name}"]`,
  `*["${name}"]`,
  `*.*["${name}"]`,
]);

/** Credentials that hide in texts such as error messages and addresses. Bounded, so that a long line takes no time. */
const patterns: readonly (readonly [RegExp, string])[] = [
  // Google API keys: https://cloud.google.com/docs/authentication/api-keys
  [/AIza[\w-]{30,}/g, redacted],
  [/\bBearer\s+[\w.~+/=-]+/gi, `Bearer ${redacted}`],
  [/\b(\w{1,32}:\/\/[^\s:/@"]{0,128}):[^\s@"]{1,256}@/g, `$1:${redacted}@`],
  [/([?&](?:key|token|password)=)[^&\s"\\]+/gi, `$1${redacted}`],
];

/** Below this length a secret would also match ordinary words. */
const minSecretCharacters = 6;

/**
 * A function that blanks credentials in a finished log line: everything that looks like one, and the given values.
 * `secrets` is asked each time, since secrets are re-read when their files change.
 */
export const createRedactor =
  (secrets: () => readonly string[]) =>
  (line: string): string => {
    const withoutPatterns = patterns.reduce(
      (text, [pattern, replacement]) => text.replace(pattern, replacement),
      line,
    );
    return secrets()
      .filter((secret) => secret.length >= minSecretCharacters)
      .reduce((text, secret) => text.replaceAll(secret, redacted), withoutPatterns);
  };
