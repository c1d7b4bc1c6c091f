/** `npm run outputs`: writes what clients of a deployed stack need, so that nobody copies names by hand. */
import { open, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { InvalidConfiguration } from '../handlers/config.ts';
import { runCommand, say } from './command.ts';
import { readConfig } from './config.ts';
import { Deployment } from './deployment.ts';
import { readStage } from './stages.ts';

const HELP = `Usage: npm run outputs -- [options]

  --file FILE          where to write names and ARNs as JSON (stack-<name>.json); no secret is among them
  --credentials FILE   write the client user's access key too, as a credentials file of the AWS CLI and SDKs that only
                       you can read (mode 0600); a file that exists is not touched
  --help               this text
`;

const KEY_ID = 'client_access_key_id';
const SECRET = 'client_secret_access_key';

async function writeOutputs({ file, credentials }: { file?: string; credentials?: string }): Promise<void> {
  const { stack, region } = readConfig(process.env, readStage);
  const outputs = await (await Deployment.open(stack, process.env)).outputs();
  if (outputs.size === 0) throw new InvalidConfiguration(`the stack ${stack} is not deployed: npm run deploy`);
  const target = file ?? `stack-${stack}.json`;
  const shown = Object.fromEntries([...outputs].filter(([name]) => name !== SECRET));
  await writeFile(target, `${JSON.stringify(shown, undefined, 2)}\n`);
  say(`${target}: names and ARNs\n`);
  if (credentials !== undefined) {
    await writeCredentials(credentials, stack, outputs);
    say(`${credentials}: access key of the client user, as profile ${stack}-client\n`);
  }
  say(`AWS_REGION=${region} npm start -- --adapters aws --stack ${stack}\n`);
}

async function writeCredentials(file: string, stack: string, outputs: ReadonlyMap<string, unknown>): Promise<void> {
  const [keyId, secret] = [outputs.get(KEY_ID), outputs.get(SECRET)];
  if (typeof keyId !== 'string' || typeof secret !== 'string') {
    throw new InvalidConfiguration(`the stack ${stack} has no client user`);
  }
  // A file that is there already may be readable for others, and its mode would stay.
  const handle = await open(file, 'wx', 0o600).catch((cause: unknown) => {
    throw new InvalidConfiguration(`${file} cannot be made, or is there already`, { cause });
  });
  await handle.writeFile(`[${stack}-client]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${secret}\n`);
  await handle.close();
}

await runCommand(async () => {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      credentials: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) say(HELP);
  else await writeOutputs(values);
});
