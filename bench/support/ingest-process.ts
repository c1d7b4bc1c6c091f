/** The server as it is, but without its consumers: what it costs to take readings in. Prints its address. */
import { pino } from 'pino';
import { buildApp } from '../../local-server/app.ts';
import { memoryContainer } from '../../local-server/memory-container.ts';
import { appServices } from '../../local-server/module.ts';
import { parseServerOptions } from '../../local-server/options.ts';
import { Services } from '../../local-server/tokens.ts';

const options = parseServerOptions([]);
if (options === 'help') throw new Error('no help was asked for');
const logger = pino({ level: 'silent' });
const container = memoryContainer({ ...options, log: logger });
container.rebind(Services.mappings).toConstantValue([]);
const app = await buildApp(appServices(container), { ...options, logger });
process.stdout.write(`${await app.listen({ port: 0, host: options.host })}\n`);
