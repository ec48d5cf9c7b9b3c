import { strFromU8, unzipSync, zipSync } from 'fflate';
import mammoth from 'mammoth';
import { type ConvertedDocument, DocumentRefusal } from '../../domain/knowledge/converted-document.ts';
import { parseHtmlDocument } from '../../domain/knowledge/html-document.ts';

const maxUnpackedBytes = 50 * 2 ** 20;
/** Text, styles, lists and links; pictures and macros stay packed. */
const neededParts = /^(?:\[Content_Types\]\.xml|_rels\/|word\/).*(?:\.xml|\.rels)$|^\[Content_Types\]\.xml$/;
const titleStyles = ["p[style-name='Title'] => h1:fresh", "p[style-name='Titel'] => h1:fresh"];
const oldOrEncrypted = [0xd0, 0xcf, 0x11, 0xe0];

/** @throws DocumentRefusal */
export async function readDocx(bytes: Uint8Array): Promise<ConvertedDocument> {
  const { value, messages } = await mammoth.convertToHtml(
    { buffer: Buffer.from(repack(bytes)) },
    { styleMap: titleStyles, convertImage: mammoth.images.imgElement(async () => ({ src: '' })) },
  );
  const document = parseHtmlDocument(value);
  const warnings = [...new Set(messages.map(({ message }) => message))].filter(
    (text) => !/style/i.test(text),
  );
  return { ...document, notes: [...document.notes, ...warnings] };
}

/** The parts that are read, and no more bytes of them than they were said to have. */
function repack(bytes: Uint8Array): Uint8Array {
  if (oldOrEncrypted.every((byte, i) => bytes[i] === byte)) {
    throw new DocumentRefusal('is protected by a password, or in the old format of Word (.doc)');
  }
  let unpackedBytes = 0;
  let parts: Record<string, Uint8Array>;
  try {
    parts = unzipSync(bytes, {
      filter({ name, originalSize }) {
        if (!neededParts.test(name)) return false;
        unpackedBytes += originalSize;
        if (unpackedBytes > maxUnpackedBytes) {
          throw new DocumentRefusal(`unpacks to more than ${maxUnpackedBytes / 2 ** 20} MB`);
        }
        return true;
      },
    });
  } catch (error) {
    if (error instanceof DocumentRefusal) throw error;
    throw new DocumentRefusal('is no Word file, or a damaged one');
  }
  if (parts['word/document.xml'] === undefined) throw new DocumentRefusal('is no Word file');
  for (const part of Object.values(parts)) {
    // Word writes none, and through one a file could name others or grow without end.
    if (strFromU8(part).includes('<!DOCTYPE')) throw new DocumentRefusal('holds a document type definition');
  }
  return zipSync(parts, { level: 0 });
}
