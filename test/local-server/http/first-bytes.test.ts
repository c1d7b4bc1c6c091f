import { expect, test } from '@jest/globals';
import { protocolOf } from '../../../local-server/http/first-bytes.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

test.each([
  ['GET / HTTP/1.1\r\n', 'http1'],
  ['PUT / HTTP/1.1\r\n', 'http1'],
  ['PRI * HTTP/1.1\r\n', 'http1'],
  ['\r\nGET / HTTP/1.1\r\n', 'http1'],
  [preface, 'http2'],
  [`${preface}more`, 'http2'],
  ['\x16\x03\x01', 'tls'],
])('%j is %s', (text, protocol) => {
  expect(protocolOf(Buffer.from(text, 'latin1'))).toBe(protocol);
});

test('a part of the preface may become either', () => {
  for (let length = 0; length < preface.length; length += 1) {
    expect(protocolOf(Buffer.from(preface.slice(0, length)))).toBeUndefined();
  }
});
