import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Browsers of spring 2024 and later; `light-dark()` in the styles sets the limit. */
const browsers = ['chrome123', 'firefox120', 'safari17.5'];

const shared = { bundle: true, minify: true, target: browsers, logLevel: 'warning' };

/**
 * The script of the page at /docs. Of Scalar's packages only this one holds it in one piece; `@scalar/api-reference`
 * would install the parts it is made of, too.
 */
const apiReference = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@scalar/fastify-api-reference')),
  'js/standalone.js',
);

/**
 * Builds the chat page and the widget:
 * `index.html`, `widget.html`, `widget.js`, and below `assets/` what they load, named by content;
 * in `reference/` the script of the API reference.
 */
export const buildWeb = async (outputDirectory) => {
  await rm(outputDirectory, { recursive: true, force: true });
  await mkdir(outputDirectory, { recursive: true });

  const page = await build({
    ...shared,
    format: 'esm',
    entryPoints: ['main.ts', 'early.ts', 'styles.css', 'icon.svg'].map((name) =>
      path.join(here, 'page', name),
    ),
    entryNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    outdir: path.join(outputDirectory, 'assets'),
    metafile: true,
  });
  await build({
    ...shared,
    format: 'iife',
    entryPoints: [path.join(here, 'widget', 'widget.ts')],
    outfile: path.join(outputDirectory, 'widget.js'),
  });

  await build({
    entryPoints: [apiReference],
    entryNames: 'api-reference-[hash]',
    loader: { '.js': 'copy' },
    outdir: path.join(outputDirectory, 'reference'),
    logLevel: 'warning',
  });

  const addresses = assetAddresses(page.metafile);
  const template = await readFile(path.join(here, 'page', 'index.html'), 'utf8');
  for (const [file, surface] of [
    ['index.html', 'page'],
    ['widget.html', 'widget'],
  ]) {
    await writeFile(path.join(outputDirectory, file), fillIn(template, { ...addresses, surface }));
  }
};

/** `main.js` to `/assets/main-3F2A....js`, and so on: what the template asks for, and where it is. */
const assetAddresses = (metafile) =>
  Object.fromEntries(
    Object.keys(metafile.outputs).map((output) => {
      const file = path.basename(output);
      return [file.replace(/-[A-Z0-9]+(?=\.\w+$)/, ''), `/assets/${file}`];
    }),
  );

const fillIn = (template, values) =>
  template.replace(/\{\{([\w.]+)\}\}/g, (place, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The page's template asks for ${place}, which was not built.`);
    return value;
  });
