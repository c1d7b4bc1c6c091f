import { KinesisClient } from '@aws-sdk/client-kinesis';
import { clientOptions, type ClientSettings } from './client-options.ts';

export function kinesisClient(settings: ClientSettings = {}): KinesisClient {
  return new KinesisClient(clientOptions(settings));
}
