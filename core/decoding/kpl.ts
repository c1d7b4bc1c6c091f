/**
 * Records that the Kinesis Producer Library put together into one
 * (https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md): four bytes, a message of Protocol
 * Buffers, and the MD5 of that message.
 *
 *     message AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2; repeated Record records = 3; }
 *     message Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2; required bytes data = 3; repeated Tag tags = 4; }
 */
import { Content } from './content.ts';
import { type Decoder, joined, unreadable } from './decoded.ts';
import { md5 } from './md5.ts';
import { MalformedMessage, protobufFields } from './protobuf.ts';

const FORMAT = 'kpl';
const magic = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST_BYTES = 16;
const [RECORDS, DATA] = [3, 3];

export const kpl: Decoder = {
  format: FORMAT,

  recognises: ({ bytes }) => magic.every((byte, at) => bytes[at] === byte),

  decode({ bytes }, envelope, { decode }) {
    const message = bytes.subarray(magic.length, -DIGEST_BYTES);
    const digest = bytes.subarray(-DIGEST_BYTES);
    const isWhole =
      bytes.length >= magic.length + DIGEST_BYTES && md5(message).every((byte, at) => byte === digest[at]);
    if (!isWhole) {
      const rule =
        'must be a whole record of the Kinesis Producer Library, whose last 16 bytes are the MD5 of the rest';
      return unreadable(FORMAT, rule, `${bytes.length} bytes that were cut or changed`);
    }
    try {
      const records = protobufFields(message, RECORDS).map((record) => protobufFields(record, DATA).at(-1));
      const inside = records.map((data) => decode(Content.of(data ?? new Uint8Array()), envelope));
      return records.length === 0
        ? unreadable(FORMAT, 'must hold a record', 'an empty aggregate')
        : joined(FORMAT, inside);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      return unreadable(FORMAT, 'must be a message of Protocol Buffers', error.message);
    }
  },
};
