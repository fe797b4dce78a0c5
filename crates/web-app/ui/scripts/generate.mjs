// Writes src/api/generated/*.ts from the OpenAPI files of the services. Running it twice changes nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ui = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(ui, 'src/api/generated');
const tool = join(ui, 'node_modules/.bin/openapi-typescript');
mkdirSync(out, { recursive: true });
for (const [service, name] of [['read-service', 'read'], ['auth-service', 'auth']]) {
  const spec = join(ui, '../..', service, 'openapi.json');
  if (!existsSync(spec) || statSync(spec).size === 0) {
    process.stderr.write(`missing or empty: ${spec}\n`);
    process.exitCode = 1;
    continue;
  }
  execFileSync(tool, [spec, '-o', join(out, `${name}.ts`), '--alphabetize', '--root-types', '--root-types-no-schema-prefix'], { stdio: 'inherit' });
}
