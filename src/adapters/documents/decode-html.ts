import { decodeText } from '../../domain/knowledge/decode-text.ts';

/** HTML as its own `meta` says, unless it is UTF-8 or UTF-16 anyway. */
export function decodeHtml(bytes: Uint8Array): string {
  const decoded = decodeText(bytes);
  if (decoded && decoded.guessed === undefined) return decoded.text;
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  const charset = /<meta[^>]{0,200}charset=["']?([\w-]{1,40})/i.exec(head)?.[1];
  // German pages without a word on it, and those that say Latin-1, are Windows-1252.
  if (charset === undefined || /^(?:iso-8859-1|windows-1252|us-ascii|latin1)$/i.test(charset)) {
    return decoded?.text ?? new TextDecoder().decode(bytes);
  }
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
