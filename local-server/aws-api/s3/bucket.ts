/** What the S3 API shows of a bucket: an archive, read only. */
import type { EventArchive } from '../../../core/ports.ts';

export type Bucket = Pick<EventArchive, 'list' | 'get'>;
