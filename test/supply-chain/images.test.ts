import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFaults, findImages, imageFiles, pinImages } from '../../infra/supply-chain/images.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const text = 'services:\n  redis:\n    image: redis:8\n  own:\n    image: tum-chatbot-backend:latest\n';

describe('the images of the project', () => {
  test('say their versions, each the same everywhere, and no digest that is none', () => {
    const images = imageFiles.flatMap((file) => findImages(file, readFileSync(file, 'utf8')));
    expect(images.map(({ tagged }) => tagged)).toEqual(
      expect.arrayContaining(['redis:8', 'postgres:18', 'nginx:1.30', 'node:24-slim']),
    );
    expect(findFaults(images)).toEqual([]);
  });

  test('are all looked at', () => {
    const files = ['compose', 'infra/kubernetes/base'].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => /\.ya?ml$/.test(name))
        .map((name) => join(folder, name)),
    );
    const withImages = files.filter((file) => findImages(file, readFileSync(file, 'utf8')).length > 0);
    expect(imageFiles).toEqual(expect.arrayContaining(withImages));
  });
});

describe('an image', () => {
  test.each([
    ['redis', 'says no version'],
    ['redis:latest', 'says no version'],
    [`redis:8@sha256:${'0'.repeat(64)}`, 'is no digest'],
    ['redis:8@sha256:1234', 'is no digest'],
  ])('%s is refused', (name, fault) => {
    expect(findFaults(findImages('a.yml', `image: ${name}\n`)).join()).toContain(fault);
  });

  test('with one digest here and another there is refused', () => {
    const images = ['a.yml', 'b.yml'].flatMap((file, i) =>
      findImages(file, i === 0 ? `image: redis:8@${digest}\n` : 'image: redis:8\n'),
    );
    expect(findFaults(images)).toEqual(['b.yml: redis:8 is another image than in a.yml']);
  });

  test('is pinned to what the registry gives, and pinned anew when its tag has changed', async () => {
    const resolve = async () => digest;
    const pinned = await pinImages(text, resolve);
    expect(pinned).toBe(text.replace('redis:8', `redis:8@${digest}`));
    expect(await pinImages(pinned.replace('redis:8', 'redis:9'), resolve)).toBe(
      text.replace('redis:8', `redis:9@${digest}`),
    );
  });

  test('is not pinned to what is no digest, or to an image that is not there', async () => {
    await expect(pinImages(text, async () => 'sha256:made-up')).rejects.toThrow('is no digest');
    const forTagsAlone = async (image: string) => (image.includes('@') ? '' : digest);
    await expect(pinImages(text, forTagsAlone)).rejects.toThrow('is not there');
  });
});
