/** `npm run destroy`: removes a stack, and says what it removed and what is left. */
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { InvalidConfiguration } from '../handlers/config.ts';
import { runCommand, say } from './command.ts';
import { environmentName, readConfig } from './config.ts';
import { type DeployedResource, Deployment } from './deployment.ts';
import { findTagged, summarise } from './receipt.ts';
import { checkSameTarget, describe, targetOf, targetOfShell } from './target.ts';
import { readStage } from './stages.ts';

const HELP = `Usage: npm run destroy -- [options]

Removes everything that npm run deploy made, but for the two buckets, which hold what cannot be collected again.

  --delete-archive   empty and remove the buckets too: archive, quarantine, undelivered batches
  --keep-archive     leave the buckets as they are (this is what happens anyway)
  --auto-approve     ask nothing
  --help             this text
`;

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'delete-archive': { type: 'boolean', default: false },
      'keep-archive': { type: 'boolean', default: false },
      'auto-approve': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values['delete-archive'] && values['keep-archive']) {
    throw new InvalidConfiguration('--delete-archive and --keep-archive exclude each other');
  }
  return values;
}

async function destroy(deleteArchive: boolean, autoApprove: boolean): Promise<void> {
  const env = {
    ...process.env,
    [environmentName('deleteArchive')]: String(deleteArchive),
    // What is removed is in the state: nothing is to be imported for it.
    [environmentName('adoptArchive')]: 'false',
  };
  const config = readConfig(env, readStage);
  const deployment = await Deployment.open(config.stack, env);
  const before = await deployment.resources();
  const buckets = before.filter(({ type }) => type === 'aws_s3_bucket');
  const shell = await targetOfShell(config, env);
  const deployed = targetOf(await deployment.outputs());
  if (deployed !== undefined) checkSameTarget(config.stack, deployed, shell);
  else if (before.length > 0) {
    say('The state does not say in which region and account the stack is: it was never deployed to its end.\n');
  }
  say(`Stack ${config.stack} in ${describe(shell)}: ${before.length} resources.\n`);
  let left: readonly string[] = [];
  if (before.length > 0) {
    if (!autoApprove && !(await confirm(config.stack, deleteArchive))) return;
    if (deleteArchive) await allowDeletion(deployment, buckets);
    else await deployment.forget(before.filter(isOfBucket).map(({ address }) => address));
    const count = await deployment.destroy();
    left = await deployment.addresses();
    const removed = before.filter((resource) => deleteArchive || !isOfBucket(resource));
    say(`\n${tellRemoved(config.stack, removed, left, count)}`);
    if (count !== removed.length) process.exitCode = 1;
  }
  const tagged = await findTagged(config, env);
  const bucketNames = tagged.flatMap((arn) => /^arn:[^:]+:s3:::(.+)$/.exec(arn)?.[1] ?? []);
  const others = [...left, ...tagged.filter((arn) => !arn.includes(':s3:::'))];
  if (bucketNames.length > 0) say(tellKept(bucketNames));
  if (others.length === 0) {
    say(`${bucketNames.length > 0 ? 'Nothing else' : 'Nothing'} that is tagged with the stack remains.\n`);
  } else {
    say(`Remains:\n${others.map((name) => `  ${name}\n`).join('')}`);
    say('AWS may list for some minutes what is deleted already: the same command again looks again.\n');
  }
  if (others.length > 0 || (deleteArchive && bucketNames.length > 0)) process.exitCode = 1;
}

/** Only what Terraform says it destroyed counts as removed: it also forgets what it does not find. */
function tellRemoved(
  stack: string,
  expected: readonly DeployedResource[],
  left: readonly string[],
  count: number | undefined,
): string {
  const gone = expected.filter(({ address }) => !left.includes(address));
  if (count === expected.length) return `Removed from stack ${stack}: ${count} resources\n${summarise(gone)}`;
  const told = count === undefined ? 'did not say how many resources it destroyed' : `destroyed ${count} resources`;
  return `Terraform ${told}; ${expected.length} were in the state. What it did not find, it forgot: it may still exist.\n${summarise(gone)}`;
}

/** Terraform empties a bucket only if the state said so before the destroy. */
async function allowDeletion(deployment: Deployment, buckets: readonly DeployedResource[]): Promise<void> {
  const closed = buckets.filter(({ values }) => values.force_destroy !== true);
  if (closed.length > 0) await deployment.apply(...closed.map(({ address }) => address));
}

/** A bucket and all that is configured about it. */
function isOfBucket({ type }: DeployedResource): boolean {
  return type.startsWith('aws_s3_bucket');
}

function tellKept(bucketNames: readonly string[]): string {
  const adopt = environmentName('adoptArchive');
  return [
    'Kept, with all that they hold, and not in the state of the stack:',
    ...bucketNames.map((name) => `  s3://${name}`),
    `To deploy the stack over them again:  ${adopt}=true npm run deploy`,
    'To remove them too:                   do so, then npm run destroy -- --delete-archive',
    '',
  ].join('\n');
}

async function confirm(stack: string, deleteArchive: boolean): Promise<boolean> {
  const what = deleteArchive ? 'everything, and the archive with it' : 'everything but the buckets';
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question(`This removes ${what}. Type the name of the stack to go on: `);
  prompt.close();
  if (answer === stack) return true;
  say('Nothing was changed.\n');
  return false;
}

await runCommand(async () => {
  const options = parse(process.argv.slice(2));
  if (options.help) say(HELP);
  else await destroy(options['delete-archive'], options['auto-approve']);
});
