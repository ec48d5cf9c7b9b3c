import { isIP } from 'node:net';
import { z } from 'zod';

const booleanWords = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['no', false],
]);

export const boolean = z.string().transform((text, context) => {
  const value = booleanWords.get(text.toLowerCase());
  if (value === undefined) context.addIssue('must be true or false (also 1/0, yes/no)');
  return value ?? z.NEVER;
});

function number(kind: 'a whole number' | 'a number', minimum: number, maximum = Number.MAX_SAFE_INTEGER) {
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  const pattern = kind === 'a whole number' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)$/;
  return z.string().transform((text, context) => {
    const value = pattern.test(text) ? Number(text) : Number.NaN;
    if (!(value >= minimum && value <= maximum)) {
      context.addIssue(`must be ${kind} ${range}`);
      return z.NEVER;
    }
    return value;
  });
}
export const integer = (minimum: number, maximum?: number) => number('a whole number', minimum, maximum);
export const decimal = (minimum: number, maximum: number) => number('a number', minimum, maximum);

/** Spellings, in lower case, and what each means. */
export function oneOf<const T extends string>(words: Record<string, T>) {
  const allowed = [...new Set(Object.values(words))].join(', ');
  return z.string().transform((text, context) => {
    const value = words[text.toLowerCase()];
    if (value === undefined) context.addIssue(`must be one of ${allowed}`);
    return value ?? z.NEVER;
  });
}

/** A URL with one of these protocols, `https:` for example. */
export const url = (...protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL beginning with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  });

/** What stands between commas. */
export const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const isOrigin = (text: string) =>
  text === '*' ||
  (/^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text.toLowerCase());

/** For CORS: `*` or scheme, host and port. */
export const origins = z.string().transform((text, context) => {
  const values = list(text).map((origin) => origin.replace(/\/$/, ''));
  if (!values.every(isOrigin))
    context.addIssue('must be origins such as https://www.example.org, separated by commas');
  return values;
});

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Addresses and CIDR networks. */
export const networks = z.string().transform((text, context) => {
  const values = list(text);
  if (!values.every(isNetwork))
    context.addIssue('must be addresses or networks such as 10.0.0.0/8, separated by commas');
  return values;
});

/** Host names, also `*.example.org`, and addresses, as they stand in a URL; in lower case. */
export const hosts = z.string().transform((text, context) => {
  const values = list(text.toLowerCase());
  const isHost = (host: string) =>
    /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host) || /^\[[0-9a-f:.]+\]$/.test(host);
  if (!values.every(isHost))
    context.addIssue('must be hosts such as chat.example.org or *.example.org, separated by commas');
  return values;
});

export const redisUrl = z.string().transform((text, context) => {
  const authority = /^[a-z+]+:\/\/([^/?]*)/.exec(text)?.[1] ?? '';
  if (/cluster/i.test(text.split(':')[0] ?? '') || (/^rediss?:/.test(text) && authority.includes(','))) {
    context.addIssue('names a Redis Cluster, which is not supported: use one Redis or Sentinel');
  } else if (!/^(rediss?|rediss?\+sentinel):\/\/[^/]+/.test(text)) {
    context.addIssue(
      'must begin with redis://, rediss:// or redis+sentinel://HOST:PORT,HOST:PORT/PRIMARY_NAME',
    );
  }
  return text;
});

const priceForm = /^([^=\s]+)=(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/;

/** `model=input/output` for a million tokens, several separated by commas. */
export const prices = z.string().transform((text, context) => {
  const byModel = new Map<string, { input: number; output: number }>();
  for (const part of list(text)) {
    const [, model, input, output] = priceForm.exec(part) ?? [];
    if (model === undefined) {
      context.addIssue('must be MODEL=INPUT/OUTPUT, prices of a million tokens, separated by commas');
      return z.NEVER;
    }
    byModel.set(model, { input: Number(input), output: Number(output) });
  }
  return byModel;
});

export const text = z.string();
export const secret = z.string().min(1);
const leastTokenLength = 16;
export const isLongEnough = (token: string) => token.length >= leastTokenLength;
export const token = z.string().refine(isLongEnough, { error: 'must have at least 16 characters' });
/** As `tokens`, of characters that stand in a header and in nginx's configuration as they are. */
export const proxySecrets = z.string().regex(/^[A-Za-z0-9._~=-]{16,}(\s*,\s*[A-Za-z0-9._~=-]{16,})*$/, {
  error: 'must have at least 16 of A-Z a-z 0-9 . _ ~ = -',
});
export const tokens = z.string().refine((text) => list(text).every(isLongEnough), {
  error: 'must have at least 16 characters, each if there are several separated by commas',
});
