import { describe, expect, test } from 'vitest';
import { findSafeLink, isReadable, namesTarget } from '../../src/web/page/safe-link.ts';

describe('a link', () => {
  test.each([
    ['https://www.tum.de/studium?x=1#a', 'tum.de'],
    ['http://localhost:8080/', 'localhost:8080'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['mailto:studium@tum.de', 'studium@tum.de'],
    ['mailto:studium@tum.de?subject=Hello', 'studium@tum.de'],
    ['tel:+498928922245', '+498928922245'],
    // One alphabet throughout looks like another only until its host is shown.
    ['https://аррӏе.example/', 'xn--80ak6aa92e.example'],
  ])('to %j shows %j', (address, target) => {
    expect(findSafeLink(address)?.target).toBe(target);
  });

  test.each([
    ['a user name that looks like a host', 'https://tum.de@evil.example'],
    ['a user name and password', 'https://tum.de:443@evil.example/'],
    ['an empty user name', 'https://@evil.example/'],
    ['a backslash before the real host', 'https://tum.de\\@evil.example'],
    ['a Cyrillic letter among Latin ones', 'https://tum.dе.example'],
    ['a Greek letter among Latin ones', 'https://tυm.de'],
    ['a full-width letter of another alphabet', 'https://t\u0443m.de/'],
    ['an encoded letter of another alphabet', 'https://t%D1%83m.de/'],
    ['characters that turn the text', 'https://tum.de/\u202Eelpmaxe.live'],
    ['isolates', 'https://\u2066tum.de\u2069.evil.example'],
    ['characters without width', 'https://t\u200Bum.de/'],
    ['a script', 'javascript:alert(1)'],
    ['a script behind a line break', 'java\nscript:alert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['no scheme', '//evil.example'],
    ['a path alone', '/api/session'],
    ['mail to somebody hidden', 'mailto:a@tum.de\u202E'],
    ['mail without an address', 'mailto:?bcc=x@evil.example'],
  ])('is none with %s', (_what, address) => {
    expect(findSafeLink(address)).toBeUndefined();
  });

  test.each(['Reset your password \u202Eed.mut', 'tum\u2066.de', '\u200Ftum.de'])(
    'is none with words that are read in another order: %j',
    (words) => {
      expect(isReadable(words)).toBe(false);
    },
  );

  test.each([
    ['tum.de', 'https://www.tum.de/', true],
    ['https://www.tum.de/studium', 'https://www.tum.de/studium', true],
    ['studium@tum.de', 'mailto:studium@tum.de', true],
    ['+49 89 289 22245', 'tel:+498928922245', true],
    ['https://tum.de', 'https://evil.example/', false],
    ['tum.de.evil', 'https://tum.de/', false],
    ['Student services', 'https://www.tum.de/', false],
    ['studium@tum.de', 'mailto:studium@evil.example', false],
  ])('with the words %j to %j names its target: %s', (words, address, isNamed) => {
    const link = findSafeLink(address);
    expect(link && namesTarget(words, link)).toBe(isNamed);
  });
});
