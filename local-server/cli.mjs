#!/usr/bin/env node
/** `npx iot-backend`: the commands of package.json, for those who installed the package. It is JavaScript, because Node 20 runs no TypeScript. */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { register } from 'tsx/esm/api';

const commands = {
  start: () => {
    setFlagsFromString('--max-semi-space-size=64'); // As in `npm start`: most of what is allocated is soon garbage.
    return import('./start.mjs');
  },
  simulate: () => {
    register();
    return import('./simulator/main.ts');
  },
};

const help = `Usage: iot-backend <command> [options]

  start       the whole pipeline on http://127.0.0.1:3000
  simulate    send readings to a server, and check that none is lost

iot-backend <command> --help lists the options of a command.
`;

const [name] = process.argv.splice(2, 1);
if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
  process.stdout.write(help);
} else if (Object.hasOwn(commands, name)) {
  await commands[name]();
} else {
  process.stderr.write(`There is no command ${JSON.stringify(name)}.\n\n${help}`);
  process.exitCode = 2;
}
