import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as appsV1 from 'kubernetes-models/apps/v1';
import * as autoscalingV2 from 'kubernetes-models/autoscaling/v2';
import * as batchV1 from 'kubernetes-models/batch/v1';
import * as networkingV1 from 'kubernetes-models/networking.k8s.io/v1';
import * as policyV1 from 'kubernetes-models/policy/v1';
import * as coreV1 from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { projectPath } from '../infra/local/project-root.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: { template?: { spec: PodSpec } };
}
interface PodSpec {
  securityContext: { runAsNonRoot?: boolean };
  containers: { name: string; securityContext: unknown; resources: unknown }[];
}

const models: Readonly<Record<string, object>> = {
  v1: coreV1,
  'apps/v1': appsV1,
  'autoscaling/v2': autoscalingV2,
  'batch/v1': batchV1,
  'networking.k8s.io/v1': networkingV1,
  'policy/v1': policyV1,
};

/** @throws what does not fit the types of Kubernetes' API. */
function validate(manifest: Manifest): void {
  const group = models[manifest.apiVersion] as Record<string, new (data: unknown) => { validate(): void }>;
  const Model = group?.[manifest.kind];
  if (Model === undefined) throw new Error(`${manifest.apiVersion} ${manifest.kind} is not known`);
  new Model(manifest).validate();
}

const parse = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

const folders = ['base', 'overlays/production'];
const manifests = folders.flatMap((folder) =>
  readdirSync(projectPath(`infra/kubernetes/${folder}`))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) => parse(readFileSync(projectPath(`infra/kubernetes/${folder}/${file}`), 'utf8'))),
);

function expectHardened(all: readonly Manifest[]) {
  const pods = all.flatMap(({ metadata, spec }) =>
    spec?.template ? [[metadata.name, spec.template.spec] as const] : [],
  );
  expect(pods.map(([name]) => name).sort()).toEqual(['api', 'ingest', 'migrate', 'nginx']);
  for (const [name, pod] of pods) {
    expect(pod.securityContext.runAsNonRoot, name).toBe(true);
    for (const container of pod.containers) {
      expect(container.securityContext, name).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources, name).toHaveProperty('limits.memory');
    }
  }
}

describe('the Kubernetes manifests', () => {
  it('fit the API and run nothing as root or with capabilities', () => {
    for (const manifest of manifests) expect(() => validate(manifest), manifest.metadata.name).not.toThrow();
    expectHardened(manifests);
  });

  const overlay = projectPath('infra/kubernetes/overlays/production');
  const rendered = spawnSync('kubectl', ['kustomize', '--load-restrictor', 'LoadRestrictionsNone', overlay], {
    encoding: 'utf8',
  });
  it.skipIf(rendered.error !== undefined)('are rendered by kustomize where kubectl is installed', () => {
    expect(rendered.stderr).toBe('');
    const all = parse(rendered.stdout);
    for (const manifest of all) expect(() => validate(manifest), manifest.metadata.name).not.toThrow();
    expectHardened(all);
    const nginx = all.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('nginx-'),
    );
    expect(nginx).toMatchObject({ data: { 'nginx.conf': expect.stringContaining('upstream replicas') } });
  });
});
