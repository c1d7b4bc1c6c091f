import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { clientOptions, type ClientSettings } from './client-options.ts';

/** Bodies are sent as gzip from 10 KB on, which emulators do not read. */
export function cloudWatchClient(settings: ClientSettings = {}): CloudWatchClient {
  return new CloudWatchClient({
    ...clientOptions(settings),
    disableRequestCompression: settings.endpoint !== undefined,
  });
}
