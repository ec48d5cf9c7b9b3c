/** Prints the packages of a release as CycloneDX, from the lock file alone. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

interface Component {
  'bom-ref': string;
  name: string;
  properties?: readonly { name: string; value: string }[];
}

export interface BillOfMaterials {
  bomFormat: string;
  components: readonly Component[];
  dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

const development = 'cdx:npm:package:development';

/** Without tools. `npm sbom --omit=dev` is not it: it leaves out what a tool and a release both need. */
export function withoutTools<T extends BillOfMaterials>(bill: T): T {
  const isTool = ({ properties = [] }: Component) => properties.some(({ name }) => name === development);
  const tools = new Set(bill.components.filter(isTool).map((component) => component['bom-ref']));
  return {
    ...bill,
    components: bill.components.filter((component) => !tools.has(component['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => !tools.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => !tools.has(each)) })),
  };
}

function main(): void {
  const options = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
  const output = execFileSync('npm', ['sbom', ...options], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  console.log(JSON.stringify(withoutTools(JSON.parse(output) as BillOfMaterials), null, 2));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
