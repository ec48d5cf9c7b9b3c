/**
 * Container images by digest: a tag can come to mean another image, a digest cannot.
 *
 *   npm run images             lists them
 *   npm run images -- check    ends with 1 while one is named by its tag alone
 *   npm run images -- pin      writes the digests that the registries give; needs Docker with buildx
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

export const imageFiles = [
  'Dockerfile',
  'compose/docker-compose.yml',
  'compose/docker-compose.monitoring.yml',
  'compose/swarm.yml',
  'infra/kubernetes/base/nginx.yaml',
];

export interface ImageReference {
  file: string;
  /** `redis:8` */
  tagged: string;
  /** `sha256:...`, as written; undefined when the tag stands alone. */
  digest: string | undefined;
}

/** Asks a registry which image a name means now. @throws when it does not answer. */
export type ResolveDigest = (image: string) => Promise<string>;

/** Our own image is built, not pulled, and has no digest before. */
const reference = /^(\s*image:\s*|ARG NODE_IMAGE=)(?!tum-chatbot-backend|\$)([^\s@]+)(?:@(\S+))?[ \t]*$/gm;
const wellFormed = /^sha256:[0-9a-f]{64}$/;

export function findImages(file: string, text: string): ImageReference[] {
  return [...text.matchAll(reference)].map(([, , tagged = '', digest]) => ({ file, tagged, digest }));
}

/** What is wrong with the references, tags without a digest aside. */
export function findFaults(images: readonly ImageReference[]): string[] {
  const faults: string[] = [];
  const firstByName = new Map<string, ImageReference>();
  for (const image of images) {
    const { file, tagged, digest } = image;
    const [name = '', tag] = tagged.split(/:(?=[^/]*$)/);
    if (tag === undefined || tag === 'latest') faults.push(`${file}: ${tagged} says no version`);
    if (digest !== undefined && !isPlausible(digest))
      faults.push(`${file}: ${tagged}@${digest} is no digest`);
    const first = firstByName.get(name) ?? image;
    firstByName.set(name, first);
    if (first.tagged !== tagged || first.digest !== digest) {
      faults.push(`${file}: ${tagged} is another image than in ${first.file}`);
    }
  }
  return faults;
}

/** A digest of chance has all kinds of digits; one that somebody typed often has few. */
function isPlausible(digest: string): boolean {
  return wellFormed.test(digest) && new Set(digest.slice('sha256:'.length)).size > 8;
}

/** The text with the digest that `resolve` gives behind each tag. @throws when it gives none, or the image is not there. */
export async function pinImages(text: string, resolve: ResolveDigest): Promise<string> {
  const digests = new Map<string, string>();
  for (const { tagged } of findImages('', text)) {
    if (digests.has(tagged)) continue;
    const digest = await resolve(tagged);
    if (!isPlausible(digest)) throw new Error(`${tagged}: "${digest}" is no digest`);
    if ((await resolve(`${tagged}@${digest}`)) !== digest)
      throw new Error(`${tagged}@${digest} is not there`);
    digests.set(tagged, digest);
  }
  return text.replaceAll(
    reference,
    (_, before: string, tagged: string) => `${before}${tagged}@${digests.get(tagged)}`,
  );
}

const resolveWithDocker: ResolveDigest = async (image) => {
  const format = ['--format', '{{.Manifest.Digest}}'];
  const { stdout } = await promisify(execFile)('docker', [
    'buildx',
    'imagetools',
    'inspect',
    ...format,
    image,
  ]);
  return stdout.trim();
};

async function main(command = 'list'): Promise<void> {
  if (command === 'pin') {
    // All are asked for before the first is written: half a change would name one image in two ways.
    const pinned = await Promise.all(
      imageFiles.map(async (file) => ({
        file,
        text: await pinImages(readFileSync(file, 'utf8'), resolveWithDocker),
      })),
    );
    for (const { file, text } of pinned) writeFileSync(file, text);
  } else if (command !== 'list' && command !== 'check') {
    throw new Error('Usage: npm run images -- [list|check|pin]');
  }
  const images = imageFiles.flatMap((file) => findImages(file, readFileSync(file, 'utf8')));
  for (const { file, tagged, digest } of images) console.log(`${tagged}\t${digest ?? 'by tag'}\t${file}`);
  const faults = findFaults(images);
  for (const fault of faults) console.error(fault);
  const isPinned = images.every(({ digest }) => digest !== undefined);
  if (faults.length > 0 || (command === 'check' && !isPinned)) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv[2]).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
