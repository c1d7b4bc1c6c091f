/** Which bucket and object a request is for (S3 User Guide, "Virtual hosting of general purpose buckets"). */
import { AwsError } from '../aws-error.ts';

export interface S3Address {
  /** Absent for the service itself. */
  readonly bucket?: string;
  /** Absent for the bucket itself. */
  readonly key?: string;
  readonly query: URLSearchParams;
}

/**
 * Reads `/bucket/key` of any host, and `/key` where the first labels of the host are a bucket that there is.
 * @param host As the client sent it, with or without a port.
 * @throws AwsError where the path is no UTF-8 in percent encoding.
 */
export function readAddress(url: string, host: string, isBucket: (name: string) => boolean): S3Address {
  const mark = url.indexOf('?');
  const path = decodePath((mark < 0 ? url : url.slice(0, mark)).slice(1));
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const ofHost = bucketOfHost(host, isBucket);
  if (ofHost !== undefined) return { bucket: ofHost, ...(path !== '' && { key: path }), query };
  const slash = path.indexOf('/');
  const bucket = slash < 0 ? path : path.slice(0, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  return { ...(bucket !== '' && { bucket }), ...(key !== '' && { key }), query };
}

function bucketOfHost(host: string, isBucket: (name: string) => boolean): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    if (isBucket(name.slice(0, dot))) return name.slice(0, dot);
  }
  return undefined;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}
