/** `<stack>-IoTS3EventProcessor` as Lambda starts it. */
import { s3Client } from '../../adapters/aws/s3-client.ts';
import { S3EventArchive } from '../../adapters/aws/s3-event-archive.ts';
import { NodeCompression } from '../../adapters/node/node-compression.ts';
import { SystemClock } from '../../adapters/node/system-clock.ts';
import { ArchiveEvents } from '../../core/archive-events.ts';
import { createArchiveEventsHandler } from '../archive-events.ts';
import { archiveEventsConfig } from '../config.ts';
import { createLogger } from '../create-logger.ts';

const config = archiveEventsConfig(process.env);
const clock = new SystemClock();
const archive = new S3EventArchive({ client: s3Client(config), bucket: config.archiveBucket });

export const handler = createArchiveEventsHandler(
  new ArchiveEvents(archive, new NodeCompression()),
  clock,
  createLogger(config.logLevel),
);
